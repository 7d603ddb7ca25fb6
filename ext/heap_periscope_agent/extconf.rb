# frozen_string_literal: true

# Options (gem install heap_periscope_agent -- OPTIONS)
#   --with-yajl=system|gem           take yajl from the system, or from the sources inside the libyajl2 gem
# Variables, for development
#   HEAP_PERISCOPE_WERROR=1          warnings are errors
#   HEAP_PERISCOPE_SANITIZE=address  build with a sanitizer (any value that -fsanitize takes)
#   HEAP_PERISCOPE_TESTING=1         compile HeapPeriscopeAgent::Testing, the specs' door to the inside

require "mkmf"
require_relative "yajl_lookup"

unless RUBY_PLATFORM.match?(/linux|darwin/)
  abort "heap_periscope_agent runs on Linux and macOS only; this Ruby is built for #{RUBY_PLATFORM}."
end

def probe_features
  have_func("rb_postponed_job_preregister", "ruby/debug.h") # Ruby 3.3
  have_func("rb_postponed_job_trigger", "ruby/debug.h")     # Ruby 3.3
  have_func("rb_profile_frames", "ruby/debug.h")
  have_func("rb_ext_ractor_safe", "ruby.h")
  have_func("rb_gc_latest_gc_info", "ruby.h")
  have_func("clock_gettime", "time.h")
  have_func("sendmmsg", "sys/socket.h")                     # Linux
  have_func("pthread_condattr_setclock", "pthread.h")       # not on macOS
  have_func("pthread_setname_np", "pthread.h")
  have_library("m", "log1p", "math.h")
  # What no public header of Ruby declares is looked up at run time (vm.c): linking a static libruby tells nothing about that.
  have_func("dlsym", "dlfcn.h") || have_library("dl", "dlsym", "dlfcn.h") # in the C library from glibc 2.34 on
end

# The flag of objects whose instance variables are elsewhere; Ruby 4.0 still has its name, with the value 0.
def probe_foreign_ivars
  found = checking_for("RUBY_FL_EXIVAR") { try_static_assert("RUBY_FL_EXIVAR != 0", "ruby.h") }
  $defs << "-DHEAP_PERISCOPE_FOREIGN_IVARS" if found
end

def set_compiler_flags
  # Ruby's own headers do not stand -Wextra; as system headers they are left out of it, and ours are not.
  $INCFLAGS.gsub!(/-I(?=\$\((?:arch_)?hdrdir\))/, "-isystem ")
  $CFLAGS << " -std=gnu11 -O2 -g -Wall -Wextra -Werror=implicit-function-declaration -fvisibility=hidden"
  $CFLAGS << " -Werror" if ENV["HEAP_PERISCOPE_WERROR"] == "1"
  $defs << "-DHEAP_PERISCOPE_TESTING" if ENV["HEAP_PERISCOPE_TESTING"] == "1"

  sanitizer = ENV.fetch("HEAP_PERISCOPE_SANITIZE", "")
  return if sanitizer.empty?

  $CFLAGS << " -fsanitize=#{sanitizer} -fno-omit-frame-pointer"
  $LDFLAGS << " -fsanitize=#{sanitizer}"
end

# Each folder is a room of the house (docs/architecture.md). Objects are built side by side, so file names are unique.
def find_sources
  paths = Dir[File.join(__dir__, "**", "*.c")]
  paths.reject! { |path| path.include?("/testing/") } unless ENV["HEAP_PERISCOPE_TESTING"] == "1"
  $srcs = paths.map { |path| File.basename(path) }
  $VPATH.concat(paths.map { |path| "$(srcdir)#{File.dirname(path).delete_prefix(__dir__)}" }.uniq - ["$(srcdir)"])
end

# mkmf knows the headers of one folder only. The compiler writes down what each object includes, and make reads that.
def follow_includes
  $CFLAGS << " -MMD -MP"
  $cleanfiles << "*.d"
  yield
  File.write("Makefile", "\n-include $(OBJS:.o=.d)\n", mode: "a")
end

$CPPFLAGS << " -D_GNU_SOURCE" # sendmmsg, pthread_setname_np
find_sources
probe_features
probe_foreign_ivars
YajlLookup.new(with_config("yajl")).call
set_compiler_flags
follow_includes { create_makefile("heap_periscope_agent/heap_periscope_agent") }
