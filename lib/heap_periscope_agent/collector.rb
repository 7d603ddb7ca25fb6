# frozen_string_literal: true

# Programs written for 0.3.0 require this path.
require_relative "compat/collector"
