# frozen_string_literal: true

require "heap_periscope_agent/native_loader"

RSpec.describe "heap_periscope_agent/native_loader", :native do
  it "loads the object that was built for this Ruby" do
    folder = RbConfig::CONFIG["ruby_version"]

    expect($LOADED_FEATURES.grep(/heap_periscope_agent\.#{RbConfig::CONFIG["DLEXT"]}\z/))
      .to contain_exactly(end_with("heap_periscope_agent/#{folder}/heap_periscope_agent.#{RbConfig::CONFIG["DLEXT"]}"))
  end
end
