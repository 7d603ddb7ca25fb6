# frozen_string_literal: true

# Rows of numbers as censuses would give them, and a detector that is shown them.
module LeakSeries
  INTERVAL_S = 10.0
  ALLOCATIONS = 100_000
  BYTES = 40

  module_function

  # @return [Array] an observation: seconds, objects allocated so far, full collections so far
  def moment(index, major_every: 3)
    [1_000 + (index * INTERVAL_S), ALLOCATIONS * index, major_every ? index / major_every : 0]
  end

  def moments(length, **options) = Array.new(length) { |index| moment(index, **options) }

  # Shows a row of {class name => value} to a detector, one observation each.
  # @param rows [Array<Hash>] class name → number of objects, or [objects, bytes]
  # @return [Array<Array<Hash>>] the findings after each
  def detect(rows, detector: HeapPeriscopeAgent::Testing::LeakDetector.new, **options)
    rows.each_with_index.map do |classes, index|
      figures = classes.transform_values { |value| value.is_a?(Array) ? value : [value, value * BYTES] }
      detector.observe(moment(index, **options), index + 1, figures)
    end
  end

  # @return [Hash] the highest confidence each class ever had
  def highest(findings)
    order = %i[low medium high]
    findings.flatten.group_by { |finding| finding[:class_name] }
            .transform_values { |all| all.map { |finding| finding[:confidence] }.max_by { |level| order.index(level) } }
  end

  def normal(random)
    Math.sqrt(-2 * Math.log(1 - random.rand)) * Math.cos(2 * Math::PI * random.rand)
  end
end
