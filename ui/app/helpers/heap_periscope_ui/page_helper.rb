# frozen_string_literal: true

module HeapPeriscopeUi
  # What the pages share: addresses that keep the rest of the address, parts that follow live, heads of tables.
  module PageHelper
    RANGES = { "15m" => "15 min", "1h" => "1 h", "6h" => "6 h", "24h" => "24 h", "7d" => "7 d", "30d" => "30 d" }.freeze
    SAMPLING = { "backing_off" => "pausing, to stay within its budget" }.freeze
    # Parameters that are not part of a page's address.
    INTERNAL = %w[controller action id kind_of format part].freeze

    # A region that the script fetches again when there is news.
    # @param on [Symbol] :snapshot, :event (anything that arrives) or :always (every few seconds)
    def part(name, on: :snapshot, element: :div, **attributes, &block)
      wanted = params[:part].to_s.split(",")
      return if wanted.any? && !wanted.include?(name)

      content_tag(element, capture(&block), data: { part: name, on: on }, **attributes)
    end

    # @return [String] an id that is the same whenever the page shows the same thing: live parts find it again by that, wherever it stands then
    def mark(kind, *parts)
      "#{kind}-#{Digest::SHA256.hexdigest(parts.join("\0"))[0, 12]}"
    end

    # @return [String] the address of this page with some parameters changed; nil takes one away
    def here(**changes)
      query = kept_params(**changes)
      query.empty? ? request.path : "#{request.path}?#{query.to_query}"
    end

    # @return [Hash{String=>Object}] this page's parameters
    def kept_params(**changes)
      request.query_parameters.except(*INTERNAL).merge(changes.transform_keys(&:to_s)).reject { |_, value| value.nil? || value == "" }
    end

    # Parameters of this page that a form must carry along.
    def hidden_params(*except)
      safe_join(kept_params.except(*except.map(&:to_s)).filter_map do |name, value|
        hidden_field_tag(name, value, id: nil) if value.is_a?(String)
      end)
    end

    # @param choices [Hash{String, nil=>String}] value => label
    def segments(name, choices, current, label:, counts: {})
      links = choices.map do |value, text|
        count = counts[value] ? h(" ") + content_tag(:span, whole(counts[value]), class: "n") : ""
        link_to(h(text) + count, here(name => value), aria: { current: (value.to_s == current.to_s ? "true" : nil) }, data: { swap: true })
      end
      content_tag(:div, safe_join(links), class: "seg", role: "group", aria: { label: label })
    end

    # A head of a column that sorts.
    def sort_head(text, column, current, css: "r", direction: "descending")
      active = column == current
      arrow = { "descending" => " ↓", "ascending" => " ↑" }.fetch(direction) if active
      link = link_to("#{text}#{arrow}", here(sort: column), data: { swap: true })
      content_tag(:th, link, scope: "col", class: css, aria: { sort: (active ? direction : nil) })
    end

    # A form that filters while one types, and by Enter without the script.
    def filter_form(name, placeholder)
      form_tag(request.path, method: :get, enforce_utf8: false, class: "filter", data: { swap: true }) do
        hidden_params(name) + label_tag("filter-#{name}", placeholder, class: "vh") +
          search_field_tag(name, params[name].to_s, id: "filter-#{name}", class: "field", placeholder: placeholder, autocomplete: "off")
      end
    end

    # A select that changes the page when it changes.
    def choice_form(name, options, selected, label:, css: "")
      form_tag(request.path, method: :get, enforce_utf8: false, class: "choice #{css}", data: { choose: true }) do
        hidden_params(name) + select_tag(name, options_for_select(options, selected), id: nil, class: "sel", aria: { label: label }) +
          content_tag(:button, "Show", class: "btn no-script", name: nil)
      end
    end

    # Links to a table as CSV and JSON.
    # @param path [String] below api/v1, without an ending
    def exports(path, **query)
      query = query.reject { |_, value| value.blank? }
      link = ->(ending) { "#{root_path}api/v1/#{path}#{ending}#{query.empty? ? "" : "?#{query.to_query}"}" }
      content_tag(:span, "", class: "sep hide-s") + link_to("CSV", link.call(".csv"), class: "hide-s", data: { export: "csv" }) +
        link_to("JSON", link.call(""), class: "hide-s", data: { export: "json" })
    end

    # @return [Hash] the range as parameters for other pages and the API
    def range_params(range = @range)
      range.live? ? { range: range.preset } : { from: range.from, to: range.to }
    end

    def asset(name)
      "#{root_path}assets/#{Assets.path(name)}"
    end

    # @return [String, nil] "light" or "dark"; nil: as the system has it
    def chosen_theme
      request.cookies["heap_periscope_theme"].presence_in(%w[light dark])
    end

    def nav_link(text, path, names, badge: 0)
      pip = badge.positive? ? content_tag(:span, badge, class: "pip", aria: { label: count_of(badge, "suspect") }) : ""
      link_to(h(text) + pip, path, aria: { current: (names.include?(controller_name) ? "page" : nil) })
    end

    # @return [Integer] classes that grow, with medium or high confidence
    def open_suspects
      return 0 if @storeless

      @open_suspects ||= LeakSuspect.where(ended_at: nil, confidence: %w[medium high])
                                    .where(process_id: ObservedProcess.kept.heard(now).select(:id))
                                    .distinct.count(:name_id)
    end

    def sampling_word(state)
      SAMPLING.fetch(state.to_s, state.to_s)
    end
  end
end
