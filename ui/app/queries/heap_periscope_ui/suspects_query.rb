# frozen_string_literal: true

module HeapPeriscopeUi
  # Classes that grow, the same class of one service together.
  class SuspectsQuery
    CONFIDENCES = %w[low medium high].freeze
    # Ended suspects listed as "looked at and cleared".
    CLEARED_MS = 86_400_000
    LIMIT = 200

    # @param service [String, nil] only this service
    # @param process [ObservedProcess, nil] only this process
    # @param confidence [String, nil] this or higher
    def initialize(service: nil, process: nil, confidence: nil, now: Timestamps.now)
      if confidence && !CONFIDENCES.include?(confidence)
        raise BadParameter, "confidence must be one of #{CONFIDENCES.join(", ")}, not #{confidence.inspect}"
      end

      @service = service
      @process = process
      @least = CONFIDENCES.index(confidence || "low")
      @now = now
    end

    # @return [Hash] {suspects: [{class_name:, service_name:, confidence:, objects_per_hour:, objects_per_hour_error:, bytes_per_hour:,
    #   since: unix ms, count:, bytes:, sentence: or nil, sites: [{path:, line:, method:, share:}], spans: [{type:, name:, share:}], stack: [String],
    #   processes: [{id:, process_id:, host:, objects_per_hour:, count:, bytes:, confidence:}], processes_of_service: Integer}] most bytes an hour first,
    #   figures those of the process that grows fastest; cleared: [{class_name:, service_name:, process_id:, id:, since:, ended_at:}],
    #   sampling: {SamplingStates.of}}
    def call
      open = rows(LeakSuspect.where(ended_at: nil), living)
      { suspects: groups(open), cleared: cleared, sampling: sampling }
    end

    private

    # @return [Hash{Integer=>ObservedProcess}] of which there is a suspect, open or cleared
    def processes
      @processes ||= scope.where(id: LeakSuspect.where("ended_at IS NULL OR ended_at > ?", @now - CLEARED_MS).select(:process_id)).index_by(&:id)
    end

    def scope
      scope = ObservedProcess.kept.where("last_seen_at > ?", @now - CLEARED_MS)
      scope = scope.where(service_name: @service) if @service
      @process ? scope.where(id: @process.id) : scope
    end

    # @return [Hash{String=>Integer}] service => processes that are alive
    def living_of_services
      @living_of_services ||= scope.heard(@now).group(:service_name).count
    end

    # Some that could say whether they sample.
    def sampling
      newest = scope.order(Arel.sql("CASE WHEN goodbye_at IS NULL THEN 0 ELSE 1 END"), last_seen_at: :desc)
      SamplingStates.of(newest.limit(LIMIT).to_a)
    end

    # Those that are gone, or have not reported for long, lose nothing any more; what was found in them is seen on their own pages only.
    # @return [Array<Integer>]
    def living
      @living ||= processes.each_value.select { |process| @process || process.heard?(@now) }.map(&:id)
    end

    def rows(scope, ids = processes.keys)
      list = scope.where(process_id: ids).order(last_seen_at: :desc).limit(LIMIT).to_a
      @texts = Name.texts(list.map(&:name_id))
      list.select { |suspect| CONFIDENCES.index(suspect.confidence).to_i >= @least }
    end

    def groups(list)
      groups = list.group_by { |suspect| [processes[suspect.process_id].service_name, suspect.name_id] }
      groups.map do |(service, name_id), members|
        group(service, @texts[name_id], members)
      end.sort_by { |group| -(group[:bytes_per_hour] || 0) }
    end

    def group(service, class_name, members)
      members = members.sort_by { |suspect| -(suspect.bytes_per_hour || 0) }
      first = members.first
      { class_name: class_name, service_name: service, **figures(first), since: members.map(&:since).min,
        confidence: members.map(&:confidence).max_by { |level| CONFIDENCES.index(level).to_i }, **details(first),
        processes: members.map { |suspect| member(suspect) },
        processes_of_service: living_of_services.fetch(service, 0) }
    end

    def figures(suspect)
      { objects_per_hour: suspect.objects_per_hour, objects_per_hour_error: suspect.objects_per_hour_error, bytes_per_hour: suspect.bytes_per_hour,
        count: suspect.count, bytes: suspect.bytes }
    end

    def member(suspect)
      process = processes[suspect.process_id]
      { id: process.id, process_id: process.process_id, host: process.host, confidence: suspect.confidence,
        **figures(suspect) }
    end

    def details(suspect)
      details = Stored.object(suspect.details, Stored::SUSPECT)
      { sentence: details["sentence"], sites: (details["sites"] || []).map { |site| site.transform_keys(&:to_sym) },
        spans: (details["spans"] || []).map { |span| span.transform_keys(&:to_sym) }, stack: details["stack"] || [] }
    end

    def cleared
      rows(LeakSuspect.where("ended_at > ?", @now - CLEARED_MS)).map do |suspect|
        process = processes[suspect.process_id]
        { class_name: @texts[suspect.name_id], service_name: process.service_name, process_id: process.process_id, id: process.id,
          since: suspect.since, ended_at: suspect.ended_at }
      end
    end
  end
end
