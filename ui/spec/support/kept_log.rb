# frozen_string_literal: true

# What the dashboard logs during an example, in `log`.
RSpec.shared_context "with its log kept" do
  let(:log) { StringIO.new }

  around do |example|
    HeapPeriscopeUi.logger = Logger.new(log)
    example.run
  ensure
    HeapPeriscopeUi.logger = nil
  end
end
