# frozen_string_literal: true

# The functions that the headers of the extension declare, and who calls them: what no other part calls belongs into its own file, or
# nowhere. rake lint asks.
class Exports
  # Called by the specs' door alone, each with the reason why the part itself has to have it.
  FOR_SPECS = {
    "heap_census_bare_walk" => "the yardstick of benchmark/census.rb reads the pages as the census does",
    "retained_set_seed" => "fixes what the set draws at random",
    "weak_set_use" => "has both kinds of weak set tried on every Ruby",
    "window_runner_fix_plan" => "fixes the plan of the windows, which a budget changes otherwise",
    "json_string_bytes" => "json_string is made of it; specs hand over bytes that are no text",
    "udp_transport_look_again_after" => "a minute is too long for a spec"
  }.freeze
  FUNCTION = /^[a-z][\w\s*]*?\b([a-z_0-9]+)\([^;{]*\);/m
  # What the released gem leaves out.
  TESTING = /#ifdef HEAP_PERISCOPE_TESTING.*?#(?:else|endif)/m

  # @param folder [String] ext/heap_periscope_agent, or one laid out like it
  def initialize(folder)
    @sources = Dir[File.join(folder, "**", "*.{c,h}")].to_h { |path| [path.delete_prefix("#{folder}/"), File.read(path)] }
    @sources.reject! { |path, _| path.start_with?("testing/") }
  end

  # @return [Array<String>] a sentence for each function that a header declares in vain
  def faults
    unused = declared.reject { |name, header| called?(name, header) }.keys
    (unused - FOR_SPECS.keys).map { |name| "#{name} of #{declared[name]} is called by no other part" } +
      (FOR_SPECS.keys - unused).map { |name| "#{name} is in the list of tasks/support/exports.rb, and is called or gone" }
  end

  private

  # @return [Hash{String => String}] name to header
  def declared
    @declared ||= @sources.select { |path, _| path.end_with?(".h") }.flat_map do |path, source|
      source.gsub(TESTING, "").scan(FUNCTION).map { |(name)| [name, path] }
    end.to_h
  end

  def called?(name, header)
    own = [header, header.sub(/\.h\z/, ".c")]
    @sources.any? { |path, source| !own.include?(path) && source.match?(/\b#{name}\b/) }
  end
end
