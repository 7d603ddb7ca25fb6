# frozen_string_literal: true

module HeapPeriscopeUi
  # One snapshot as it arrived. The rollup levels have the same columns in tables of their own.
  class Sample < ApplicationRecord
    self.table_name = "heap_periscope_ui_samples"

    # @param level [Levels::Level]
    # @return [Class] the model of the level
    def self.at_level(level)
      [Sample, MinuteSample, TenMinuteSample, TwoHourSample].fetch(level.index)
    end
  end
end
