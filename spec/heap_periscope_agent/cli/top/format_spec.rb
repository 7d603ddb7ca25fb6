# frozen_string_literal: true

require "heap_periscope_agent/cli/command"
require "heap_periscope_agent/cli/top/format"

RSpec.describe "figures as heap_periscope top writes them" do
  format = HeapPeriscopeAgent::CLI::Top::Format

  {
    bytes: [[nil, "–"], [0, "0 B"], [1023, "1023 B"], [1024, "1.0 KB"], [432_642_458, "412.6 MB"],
            [1_048_575, "1.0 MB"], [2**50, "1.0 PB"], [2**53, "8.0 PB"]],
    whole: [[nil, "–"], [0, "0"], [999, "999"], [1000, "1 000"], [1_204_311, "1 204 311"]],
    short: [[nil, "–"], [0, "0"], [38, "38"], [999, "999"], [1000, "1.00 k"], [9_996, "10.0 k"], [1_240_000, "1.24 M"],
            [99_960, "100 k"], [999_960, "1.00 M"], [2**53, "9.01 P"], [0.4, "0"]],
    delta: [[nil, "–"], [0, "0"], [12_400, "+ 12 400"], [-120, "− 120"]],
    bytes_delta: [[nil, "–"], [0, "0"], [983_142, "+ 960.1 KB"], [-14_541, "− 14.2 KB"]],
    ms: [[nil, "–"], [0, "0.0 ms"], [8.44, "8.4 ms"], [99.96, "100 ms"], [288.3, "288 ms"], [1234, "1.2 s"]],
    percent: [[nil, "–"], [0.031, "3.1"], [1.0, "100.0"]],
    age: [[nil, "–"], [0, "0 s"], [59.9, "59 s"], [100, "1 min"], [720, "12 min"], [10_800, "3 h"]],
    sparkline: [[[], ""], [[nil, nil], "  "], [[nil, 5, 5], " ▄▄"], [[0, 50, 100], "▁▄█"], [[1000, 1001], "▄▅"],
                [[0, 0], "▄▄"], [[3, nil, 1], "█ ▁"]]
  }.each do |name, pairs|
    it "are right for #{name}" do
      pairs.each { |given, text| expect([given, format.public_send(name, given)]).to eq([given, text]) }
    end
  end

  it "draw bars of a fixed width" do
    expect([nil, 0, 0.5, 0.96, 1].map { |share| format.bar(share, 8) })
      .to eq(["        ", "░░░░░░░░", "▇▇▇▇░░░░", "▇▇▇▇▇▇▇▇", "▇▇▇▇▇▇▇▇"])
  end
end
