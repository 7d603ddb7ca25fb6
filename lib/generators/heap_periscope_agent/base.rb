# frozen_string_literal: true

require "rails/generators"
require "rails/generators/base"

module HeapPeriscopeAgent
  module Generators
    # What the generators of this gem share: each copies a few lines that call the library, and ends with a
    # non-zero exit status when it cannot.
    class Base < ::Rails::Generators::Base
      hide!

      def self.exit_on_failure?
        true
      end

      private

      def revoking?
        behavior == :revoke
      end
    end
  end
end
