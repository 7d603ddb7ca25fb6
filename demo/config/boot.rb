# frozen_string_literal: true

# The demo has no bundle of its own: it runs on the gems of the project it demonstrates.
ENV["BUNDLE_GEMFILE"] ||= File.expand_path("../../Gemfile", __dir__)
require "bundler/setup"
