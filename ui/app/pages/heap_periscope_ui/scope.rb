# frozen_string_literal: true

module HeapPeriscopeUi
  # What a page is about that can show a process, a service or all services; and what there is to choose from.
  class Scope
    SHOWN_MS = 86_400_000

    attr_reader :process, :service

    # @param process [ObservedProcess, nil]
    # @param service [ObservedService, nil]
    def initialize(process: nil, service: nil)
      @process = process
      @service = service
    end

    # @return [Array<ObservedProcess, ObservedService>]
    def subjects
      return [process] if process

      service ? [service] : SpansQuery.subjects
    end

    # @return [Hash{Symbol=>Integer}] as parameters of addresses
    def params
      { process: process&.id, service: service&.id }.compact
    end

    # @return [Array<Array(String, String)>] label and value ("", "service-3", "process-17") for a select
    def options(now = Timestamps.now)
      services = ObservedService.kept.where("last_seen_at > ?", now - SHOWN_MS).order(:service_name).map do |row|
        [row.service_name, "service-#{row.id}"]
      end
      [["all services", ""], *services, *self.class.processes(now).map { |label, id| [label, "process-#{id}"] }]
    end

    def selected
      return "process-#{process.id}" if process

      service ? "service-#{service.id}" : ""
    end

    # What a select can offer to a person.
    LISTED = 200

    # @return [Array<Array(String, Integer)>] processes of the last day, those alive first; at most {LISTED}
    def self.processes(now = Timestamps.now)
      ids = ObservedProcess.kept.where("last_seen_at > ?", now - SHOWN_MS)
                           .order(Arel.sql("CASE WHEN goodbye_at IS NULL THEN 0 ELSE 1 END"), last_seen_at: :desc).limit(LISTED).ids
      rows = ObservedProcess.where(id: ids).order(:service_name, :host, :process_id, :id).to_a
      rows.sort_by.with_index { |row, i| [row.state(now) == "gone" ? 1 : 0, i] }.map do |row|
        ["#{row.service_name} #{row.process_id} on #{row.host}#{" (gone)" if row.state(now) == "gone"}", row.id]
      end
    end
  end
end
