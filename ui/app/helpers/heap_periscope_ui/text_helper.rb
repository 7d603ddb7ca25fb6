# frozen_string_literal: true

module HeapPeriscopeUi
  # Numbers, names, places in code and times. Everything that comes from agents is escaped here or by ERB.
  module TextHelper
    UNKNOWN = "–"
    TIMES = { time: "%H:%M:%S", minute: "%H:%M", stamp: "%H:%M:%S, %a %-d %b %Y", since: "%a %H:%M", day: "%-d %b" }.freeze

    # @return [ActiveSupport::SafeBuffer] digits, and the unit in its own element
    def figure(value, unit, sign: false)
      return UNKNOWN if value.nil?

      digits, name = Figures.split(value, unit, sign: sign)
      name.empty? ? h(digits) : h(digits) + content_tag(:span, name, class: "u")
    end

    # An estimate with its standard error, both in the unit of the estimate.
    def estimate(value, error, unit = "objects")
      digits, name = Figures.split(value, unit)
      scale = value.zero? ? 1 : digits.to_f / value
      margin = content_tag(:span, " ± #{scale >= 1 ? error.round : Figures.three(error * scale)}", class: "pm")
      h(digits) + margin + content_tag(:span, name, class: "u")
    end

    # @return [String] the same as plain text: for sentences and labels
    def figure_text(value, unit, sign: false)
      return UNKNOWN if value.nil?

      Figures.split(value, unit, sign: sign).reject(&:empty?).join(" ")
    end

    def whole(value, sign: false)
      value.nil? ? UNKNOWN : Figures.whole(value, sign: sign)
    end

    def percent(share)
      figure(share, "share")
    end

    # Long names break after :: and before #.
    def breaking(name)
      h(name).gsub("::", "::<wbr>").gsub("#", "<wbr>#").gsub("&<wbr>#", "&#").html_safe
    end

    GEMS = %r{\A/.+/gems/(?=[^/]+/)}
    private_constant :GEMS

    # A place in code, the line number bold; breaks after / and _. Of a file in a gem, where the gems are installed is left out.
    def place(path, line)
      return content_tag(:span, "no Ruby code", class: "quiet") if path.blank?

      text = h(path.to_s.sub(GEMS, "")).gsub(%r{[/_]}) { |character| "#{character}<wbr>" }.html_safe
      text += ":".html_safe + content_tag(:b, line) if line
      content_tag(:span, text, class: "path")
    end

    # A key such as heap_live_slots.
    def key_name(text)
      content_tag(:code, h(text).gsub("_", "_<wbr>").html_safe)
    end

    # @param at [Integer, nil] unix ms
    # @param form [Symbol] of {TIMES}; the page's script puts it into the viewer's zone
    def moment(at, form = :time)
      return UNKNOWN unless at

      content_tag(:time, Time.at(at / 1000).utc.strftime(TIMES.fetch(form)), datetime: Timestamps.iso(at), data: { form: form })
    end

    # Time since, which goes on counting.
    def ago(at, suffix = "")
      content_tag(:span, "#{Figures.duration([now - at, 0].max)}#{suffix}", class: "ago", data: { ago: at, suffix: suffix })
    end

    # @param summary [Hash] of {ProcessSummary}
    def state(summary, suffix = "")
      gone = summary[:state] == "gone"
      left = content_tag(:span, moment(summary[:goodbye_at] || summary[:last_seen_at], :minute), class: "ago") if gone
      age = left || ago(summary[:last_seen_at], suffix)
      content_tag(:span, h("#{summary[:state]} ") + age, class: "state is-#{summary[:state]}")
    end

    # @return [Integer] unix ms, the same all over the page
    def now
      @now ||= Timestamps.now
    end

    # @param row [Hash] of {CompareQuery#call}
    # @param side [Symbol] :a or :b
    # @return [String] its objects there, or how many they were at most
    def counted(row, side)
      return whole(row[side][:count]) if row[side]

      most = row[:"#{side}_at_most"]
      most && most > 1 ? "≤ #{whole(most)} (below the list)" : UNKNOWN
    end

    def count_of(number, noun, plural = "#{noun}s")
      "#{whole(number)} #{number == 1 ? noun : plural}"
    end
  end
end
