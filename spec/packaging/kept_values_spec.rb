# frozen_string_literal: true

# Every VALUE that outlives a call is known to the collector, and was so before it was assigned: registering may start a collection.
# Read in the C sources. A Symbol made of an ID that C has interned is never freed, and an Integer without an object is none.
RSpec.describe "values that C keeps" do
  folder = File.expand_path("../../ext/heap_periscope_agent", __dir__)
  no_objects = { "sampling/weak_ids.c" => %w[ids] }.freeze

  # @return [Array<String>] names of variables of type VALUE that are not on the stack
  def kept_in(source)
    source.scan(/^\s*static VALUE ([^;()]+);/).flat_map do |(names)|
      names.split(",").map { |name| name[/[a-z_]+/] }
    end
  end

  # @return [Array<Array(Integer, String)>] where something else than nil is assigned, and what
  def assignments(source, name)
    found = source.enum_for(:scan, /^\s*#{name}(?:\[\w+\])? = ([^;]+);/).map { [Regexp.last_match.begin(0), Regexp.last_match(1)] }
    found.reject { |_, value| value.end_with?("Qnil") }
  end

  def symbol?(expression) = expression.start_with?("ID2SYM(rb_intern(")

  # @return [Integer, nil] where it is registered
  def registered_at(source, name)
    source =~ /rb_gc_register_(?:address\(&(?:\w+->)?#{name}\b|mark_object\(#{name}\))/ || source =~ /\{&#{name}, /
  end

  sources = Dir["**/*.c", base: folder].sort.to_h { |path| [path, File.read(File.join(folder, path))] }

  it "are registered, unless they are Symbols that live for ever" do
    forgotten = sources.flat_map do |path, source|
      (kept_in(source) - no_objects.fetch(path, [])).reject do |name|
        registered_at(source, name) || ((assigned = assignments(source, name)).any? && assigned.all? { |_, value| symbol?(value) })
      end.map { |name| "#{path}: #{name}" }
    end
    expect(sources.sum { |_, source| kept_in(source).size }).to be > 30
    expect(forgotten).to eq([])
  end

  it "are registered before something that may be collected is assigned" do
    early = sources.flat_map do |path, source|
      kept_in(source).select do |name|
        at = source =~ /rb_gc_register_address\(&#{name}\b/
        body = at && source.rindex(/^\{/, at)
        at && assignments(source, name).any? { |place, _| place.between?(body, at) }
      end.map { |name| "#{path}: #{name}" }
    end
    expect(early).to eq([])
  end
end
