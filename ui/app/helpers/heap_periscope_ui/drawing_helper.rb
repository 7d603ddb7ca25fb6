# frozen_string_literal: true

module HeapPeriscopeUi
  # Small drawings that need no script, and the frames in which the script draws charts.
  module DrawingHelper
    ICONS = {
      up: '<path d="M2 12.5 6 8.5l2.5 2.5L14 4.5M10 4.5h4v4"/>',
      clock: '<circle cx="8" cy="8" r="6"/><path d="M8 4.7V8l2.2 1.5"/>',
      warning: '<path d="M8 2.2 14.3 13.3H1.7ZM8 6.3v3.2M8 11.4v.1"/>',
      printer: '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7Z"/>',
      dots: '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01"/>',
      left: '<path d="M10 3.5 5.5 8l4.5 4.5"/>',
      right: '<path d="M6 3.5 10.5 8 6 12.5"/>',
      pause: '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
      play: '<path d="M5 3.5v9l7-4.5Z"/>',
      close: '<path d="m4 4 8 8M12 4l-8 8"/>',
      check: '<path d="m3 8.5 3.5 3.5L13 4.5"/>',
      wait: '<circle cx="8" cy="8" r="6" stroke-dasharray="3 2.6"/>',
      auto: '<circle cx="8" cy="8" r="6"/><path d="M8 2v12a6 6 0 0 0 0-12Z" fill="currentColor" stroke="none"/>',
      light: '<circle cx="8" cy="8" r="3"/><path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9' \
             'M12.6 3.4l-.9.9M4.3 11.7l-.9.9"/>',
      dark: '<path d="M13.5 9.6A6 6 0 1 1 6.4 2.5a4.8 4.8 0 0 0 7.1 7.1Z"/>'
    }.transform_values(&:html_safe).freeze
    SPARK_POINTS = 40

    def icon(name)
      content_tag(:svg, ICONS.fetch(name), class: "i", viewBox: "0 0 16 16", aria: { hidden: true })
    end

    # A line of at most 40 points whose scale spans at least a tenth of the value, so that what hardly moves looks flat.
    def spark(values, css = "")
      points = thin(values.compact, SPARK_POINTS)
      return content_tag(:svg, "", class: "spark #{css}", viewBox: "0 0 100 22", aria: { hidden: true }) if points.size < 2

      path = spark_path(points)
      end_mark = tag.path(class: "e", d: "M#{path[/[^ML]+\z/]}h.01")
      drawing = tag.path(class: "a", d: "#{path}V22H0Z") + tag.path(d: path) + end_mark
      content_tag(:svg, drawing, class: "spark #{css}", viewBox: "0 0 100 22", preserveAspectRatio: "none", aria: { hidden: true })
    end

    # @param parts [Array<Array(Numeric, String)>] share 0..1 and class of each
    def bar(parts, label: nil, css: "")
      start = 0.0
      rects = parts.map do |share, fill|
        width = (share.to_f.clamp(0, 1) * 100).round(2)
        rect = tag.rect(class: fill, x: "#{start.round(2)}%", width: "#{width}%", height: "100%")
        start += width
        rect
      end
      role = label ? { role: "img", aria: { label: label } } : { aria: { hidden: true } }
      ground = tag.rect(class: "bg", width: "100%", height: "100%")
      content_tag(:svg, safe_join([ground, *rects]), class: "bar #{css}", preserveAspectRatio: "none", **role)
    end

    # A bar to the left or right of a middle line.
    # @param share [Numeric, nil] -1..1
    def diverging_bar(share)
      left = 25.0
      width = (share || 0).abs.clamp(0, 1) * (share.to_f.negative? ? left : 100 - left)
      x = share.to_f.negative? ? left - width : left
      rect = tag.rect(class: share.to_f.negative? ? "f1" : "f2", x: "#{x.round(2)}%", width: "#{width.round(2)}%", height: "100%")
      content_tag(:svg, rect + tag.line(x1: "#{left}%", x2: "#{left}%", y1: "-30%", y2: "130%"), class: "div", aria: { hidden: true })
    end

    # Frame of a chart. What is to be drawn stands in data-chart, for assets/dashboard.js.
    # @param title [String]
    # @param spec [Hash] see the script's section "Charts"
    def chart(title, spec, css: "", sub: nil, level: :h2, label: title, height: 216)
      head = content_tag(level, h(title) + (sub ? content_tag(:span, sub, class: "sub") : ""))
      caption = content_tag(:figcaption, head + content_tag(:ul, "", class: "legend"))
      plot = content_tag(:div, "", class: "plot h#{height}", role: "img", tabindex: 0, aria: { label: label })
      content_tag(:figure, caption + plot, id: mark("chart", title, spec.to_json), class: "chart #{css}", data: { chart: spec.to_json, keep: true })
    end

    private

    def thin(values, size)
      return values if values.size <= size

      Array.new(size) { |i| values[(i * (values.size - 1) / (size - 1.0)).round] }
    end

    def spark_path(points)
      low, high = points.minmax
      least = [high.abs * 0.1, 1e-9].max
      missing = [least - (high - low), 0].max / 2.0
      low -= missing
      span = high + missing - low
      points.each_with_index.map do |value, i|
        format("%s%.1f,%.1f", i.zero? ? "M" : "L", i * 100.0 / (points.size - 1), 20 - ((value - low) / span * 17))
      end.join
    end
  end
end
