# frozen_string_literal: true

module HeapPeriscopeUi
  # Whether processes sample allocations, by their own word.
  module SamplingStates
    module_function

    # @param subjects [Array<ObservedProcess, ObservedService>]
    # @return [Array<Hash>] {id:, process_id:, service_name:, state: "on"|"backing_off"|"refused"|"off", reason: or nil, windows:,
    #   sampled_objects:, cost_share:, …}; "off" where the newest snapshot says nothing of it
    def of(subjects)
      processes = subjects.flat_map { |subject| subject.is_a?(ObservedService) ? subject.members.to_a : [subject] }
      processes.map do |process|
        state = Stored.object(process.latest, Stored::LATEST)["allocation_sampling"]
        { id: process.id, process_id: process.process_id, service_name: process.service_name,
          state: "off", **(state || {}).transform_keys(&:to_sym) }
      end
    end
  end
end
