# frozen_string_literal: true

# Spans switched on by hand, without a reporter: every example begins with none and leaves none.
RSpec.shared_context "with measured spans" do
  let(:testing) { HeapPeriscopeAgent::Testing }

  around do |example|
    testing.spans_reset
    testing.spans_switch(true)
    example.run
  ensure
    testing.spans_switch(false)
    testing.spans_limit(500)
    testing.spans_reset
  end
end
