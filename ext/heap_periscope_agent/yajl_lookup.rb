# frozen_string_literal: true

# Finds yajl for extconf.rb, needing mkmf loaded: the system's libyajl through pkg-config, else the C sources inside
# the installed libyajl2 gem, linked statically and hidden. Either way the extension includes <yajl/yajl_gen.h>.
class YajlLookup
  # What generating JSON needs of yajl's sources.
  SOURCES = %w[yajl_alloc.c yajl_buf.c yajl_encode.c yajl_gen.c].freeze

  CHOICES = [nil, "system", "gem"].freeze

  MISSING = <<~TEXT
    heap_periscope_agent needs the JSON library yajl 2.1, %<looked>s.
    Install it with one of:
      apt-get install libyajl-dev pkg-config   (Debian, Ubuntu)
      dnf install yajl-devel pkgconf           (Fedora)
      brew install yajl pkgconf                (macOS)
      gem install libyajl2
  TEXT

  # @param choice [String, nil] "system", "gem", or nil for the first of the two that works
  def initialize(choice)
    abort "--with-yajl=#{choice} is not known; --with-yajl takes system or gem." unless CHOICES.include?(choice)

    @choice = choice
  end

  def call
    return if @choice != "gem" && use_system
    return if @choice != "system" && use_gem

    looked = { nil => "found neither by pkg-config nor in a libyajl2 gem",
               "system" => "not found by pkg-config", "gem" => "not found in a libyajl2 gem" }
    abort format(MISSING, looked: looked.fetch(@choice))
  end

  private

  def use_system
    return false unless pkg_config("yajl")

    # yajl.pc points inside the yajl/ folder; outside /usr/include its parent has to be named too.
    unless have_header("yajl/yajl_gen.h")
      parents = $INCFLAGS.scan(%r{-I(\S+)/yajl(?=\s|\z)}).flatten
      $INCFLAGS << parents.map { |parent| " -I#{parent}" }.join
    end
    have_func("yajl_gen_alloc", "yajl/yajl_gen.h")
  end

  def use_gem
    folder = source_folder or return false

    message "using yajl from the sources in #{folder}\n"
    SOURCES.each { |source| write_wrapper(folder, source) }
    $srcs += SOURCES.map { |source| wrapper_name(source) }
    $INCFLAGS << " -I#{folder.quote}"
    # yajl's symbols stay ours even in a process that has another yajl loaded.
    $LDFLAGS << " -Wl,-Bsymbolic" if RUBY_PLATFORM.include?("linux")
    true
  end

  # The gem's headers mark yajl's functions as exported; the wrapper takes that back before it includes the source.
  def write_wrapper(folder, source)
    File.write(wrapper_name(source), <<~C)
      #include "#{folder}/yajl/yajl_common.h"
      #undef YAJL_API
      #define YAJL_API __attribute__((visibility("hidden")))
      #pragma GCC diagnostic ignored "-Wsign-compare"
      #include "#{folder}/#{source}"
    C
  end

  def wrapper_name(source)
    "bundled_#{source}"
  end

  # `gem install --install-dir` does not tell extconf.rb about its folder, so this gem's neighbours are searched too.
  def source_folder
    gem_folders = [installed_gem_folder, *Dir[File.expand_path("../../../libyajl2-2.*", __dir__)].reverse]
    gem_folders.compact.map { |folder| File.join(folder, "ext", "libyajl2") }
               .find { |folder| SOURCES.all? { |source| File.exist?(File.join(folder, source)) } }
  end

  def installed_gem_folder
    Gem::Specification.find_by_name("libyajl2", "~> 2.1").full_gem_path
  rescue Gem::MissingSpecError
    nil
  end
end
