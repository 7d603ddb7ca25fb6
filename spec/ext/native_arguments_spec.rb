# frozen_string_literal: true

require "heap_periscope_agent"

# Text inside of an Array is read after all of it was looked at: what an element that is no String makes of itself would be gone by then.
RSpec.describe "texts that native functions are given in an Array", :native do
  let(:text) { Class.new { def to_str = "made up #{hash}" }.new }
  let(:native) { HeapPeriscopeAgent::Native }

  it "are Strings, as namespaces" do
    options = HeapPeriscopeAgent.configuration.to_native
    expect { native.configure({ **options, platform_namespaces: ["Mine", text] }) }.to raise_error(TypeError)
  ensure
    native.configure(options)
  end

  it "are all there, as options" do
    options = HeapPeriscopeAgent.configuration.to_native
    options.each_key { |name| expect { native.configure(options.except(name)) }.to raise_error(KeyError) unless name == :service_name }
  ensure
    native.configure(options)
  end

  it "are Strings, as folders" do
    expect { native.sampling_folders("/app", ["/lib", text]) }.to raise_error(TypeError)
    expect { native.sampling_folders(text, []) }.to raise_error(TypeError)
  end
end
