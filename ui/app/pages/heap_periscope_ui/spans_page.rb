# frozen_string_literal: true

module HeapPeriscopeUi
  # What the page of spans shows.
  class SpansPage
    TITLES = { "controller" => "Controllers", "model" => "Models", "job" => "Jobs", "task" => "Tasks", "custom" => "Custom" }.freeze
    NOUNS = { "controller" => "action", "model" => "model operation", "job" => "job", "task" => "task", "custom" => "span" }.freeze
    SHOWN = 40
    MOST = 2_000

    attr_reader :scope, :range, :filter, :sort, :name, :all, :own

    # @param scope [Scope]
    # @param type [String, nil] one of {Metrics::SPAN_TYPES}; nil: the first that has any
    # @param own [Boolean] also what the dashboard's own controllers did
    def initialize(scope, range, type:, filter:, sort:, name:, all:, own: false)
      @scope = scope
      @range = range
      @wanted_type = type
      @filter = filter
      @sort = sort
      @name = name
      @all = all
      @own = own
    end

    # @return [Hash] {SpansQuery#call} of every type
    def everything
      @everything ||= SpansQuery.new(scope.subjects, range, sort: sort, own: own).call
    end

    def type
      @type ||= @wanted_type || everything[:types].find { |_, count| count.positive? }&.first || "controller"
    end

    def rows
      @rows ||= everything[:spans].select { |row| row[:type] == type && (filter.empty? || row[:name].downcase.include?(filter.downcase)) }
    end

    def shown
      rows.first(all ? MOST : SHOWN)
    end

    # @return [Hash, nil] {SpanQuery#call} of the chosen name
    def detail
      return unless name

      summary = everything[:spans].find { |row| row[:name] == name && row[:type] == type }
      @detail ||= SpanQuery.new(scope.subjects, range, type: type, name: name, summary: summary).call
    end

    # @return [Array<Hash>] {class_name:, share:} of suspects whose survivors the chosen name creates
    def suspected
      @suspected ||= suspects.filter_map do |suspect|
        share = suspect[:spans].find { |span| span[:name] == name && span[:type] == type }&.dig(:share)
        { class_name: suspect[:class_name], share: share } if share
      end
    end

    # @return [Array<String>] all names whose survivors are suspects
    def suspected_names
      @suspected_names ||= suspects.flat_map { |suspect| suspect[:spans].map { |span| span[:name] } }.to_set
    end

    private

    def suspects
      @suspects ||= SuspectsQuery.new.call[:suspects]
    end
  end
end
