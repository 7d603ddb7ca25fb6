# frozen_string_literal: true

require "open3"
require "rbconfig"

# What a built extension leaves for others to define, and who may be relied upon to do so.
class LinkedSymbols
  # Symbols of the toolchain itself: the linker leaves them weak, the compiler asks for them, nobody declares them.
  TOOLCHAIN = /\A(_ITM_\w+TMCloneTable|__gmon_start__|__cxa_finalize|__tls_get_addr|__stack_chk_\w+)\z/
  # Builds for development (HEAP_PERISCOPE_SANITIZE).
  SANITIZER = /\A__(asan|ubsan|tsan|lsan)_/
  # Part of every process, or declared in our Makefile.
  LIBRARIES = /\A(libc|libm|libpthread|libdl|libyajl|ld-\w+|ld-linux[\w-]*|ld-musl[\w-]*|libSystem)\b/

  def initialize(object)
    @object = object
  end

  # @return [Array<String>] undefined symbols that no public header of Ruby declares and no library above defines
  def unaccounted
    symbols("--undefined-only", @object).reject do |name|
      TOOLCHAIN.match?(name) || SANITIZER.match?(name) || declared.include?(name) || defined_elsewhere.include?(name)
    end
  end

  private

  def symbols(kind, object)
    output, = Open3.capture2("nm", "-D", kind, object)
    output.lines.map { |line| line.split.last.sub(/@.*/, "") }
  end

  # Every word in the public headers of this Ruby, without what comments tell of.
  def declared
    @declared ||= RbConfig::CONFIG.values_at("rubyhdrdir", "rubyarchhdrdir").flat_map do |folder|
      Dir[File.join(folder, "**", "*.h")].flat_map do |header|
        File.read(header, encoding: "BINARY").gsub(%r{/\*.*?\*/|//[^\n]*}mn, "").scan(/\w+/n)
      end
    end.to_set
  end

  def defined_elsewhere
    @defined_elsewhere ||= Open3.capture2("ldd", @object).first.scan(%r{/\S+}).uniq.flat_map do |library|
      LIBRARIES.match?(File.basename(library)) ? symbols("--defined-only", library) : []
    end.to_set
  end
end
