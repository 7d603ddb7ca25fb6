# frozen_string_literal: true

require_relative "datagram_receiver"
require_relative "demo_app"

# The demo shop, made ready once for a group, and who hears what its processes report.
RSpec.shared_context "with the demo app" do
  before(:all) do
    @receiver = DatagramReceiver.new
    @app = DemoApp.new(@receiver).prepare
  end

  after(:all) do
    @app.close
    @receiver.close
  end

  let(:receiver) { @receiver }
  let(:app) { @app }
end
