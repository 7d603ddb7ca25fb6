# frozen_string_literal: true

module HeapPeriscopeAgent
  module Integrations
    # Measures saves as "Model#create" and "Model#update" and destroys as "Model#destroy", validations, callbacks and
    # the record's own transaction included, whether or not they succeed. What goes past the record is not seen:
    # insert_all, upsert_all, update_all, update_columns, delete, delete_all, touch and increment!.
    module ActiveRecord
      TYPE = "model"

      # Hooks ActiveRecord::Base, now or when it is loaded.
      # @return [void]
      def self.install
        ActiveSupport.on_load(:active_record) { prepend Integrations::ActiveRecord }
      end

      def save(**options, &)
        return super unless HeapPeriscopeAgent.configuration.enable_model_instrumentation

        Native.method_span(TYPE, self.class.name, new_record? ? "create" : "update") { super }
      end

      def save!(**options, &)
        return super unless HeapPeriscopeAgent.configuration.enable_model_instrumentation

        Native.method_span(TYPE, self.class.name, new_record? ? "create" : "update") { super }
      end

      def destroy
        return super unless HeapPeriscopeAgent.configuration.enable_model_instrumentation

        Native.method_span(TYPE, self.class.name, "destroy") { super }
      end
    end
  end
end
