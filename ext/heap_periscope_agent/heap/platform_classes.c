#include "heap/platform_classes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Outermost names: of Ruby's core and standard library, and of the gems that make up Rails. */
static const char *builtin[] = {
    "(internal)",
    "(nameless)",
    "ARGF",
    "AbstractController",
    "ActionCable",
    "ActionController",
    "ActionDispatch",
    "ActionMailbox",
    "ActionMailer",
    "ActionText",
    "ActionView",
    "ActiveJob",
    "ActiveModel",
    "ActiveRecord",
    "ActiveStorage",
    "ActiveSupport",
    "Addrinfo",
    "ArgumentError",
    "Array",
    "Arel",
    "Base64",
    "BasicObject",
    "BasicSocket",
    "Benchmark",
    "BigDecimal",
    "Binding",
    "Bundler",
    "CGI",
    "CSV",
    "Class",
    "ClosedQueueError",
    "Comparable",
    "Complex",
    "ConditionVariable",
    "Coverage",
    "DRb",
    "Data",
    "Date",
    "DateTime",
    "Delegator",
    "DidYouMean",
    "Digest",
    "Dir",
    "ERB",
    "EOFError",
    "Encoding",
    "EncodingError",
    "Enumerable",
    "Enumerator",
    "Errno",
    "Erubi",
    "ErrorHighlight",
    "Etc",
    "Exception",
    "FalseClass",
    "Fcntl",
    "Fiber",
    "FiberError",
    "Fiddle",
    "File",
    "FileTest",
    "FileUtils",
    "Find",
    "Float",
    "FloatDomainError",
    "Forwardable",
    "FrozenError",
    "GC",
    "Gem",
    "GetoptLong",
    "Hash",
    "I18n",
    "IO",
    "IPAddr",
    "IPSocket",
    "IRB",
    "IndexError",
    "Integer",
    "Interrupt",
    "JSON",
    "Kernel",
    "KeyError",
    "LoadError",
    "LocalJumpError",
    "Logger",
    "Mail",
    "Marshal",
    "MatchData",
    "Math",
    "Matrix",
    "Method",
    "Module",
    "Monitor",
    "MonitorMixin",
    "Mutex",
    "NameError",
    "Net",
    "NilClass",
    "NoMatchingPatternError",
    "NoMatchingPatternKeyError",
    "NoMemoryError",
    "NoMethodError",
    "NotImplementedError",
    "Numeric",
    "Object",
    "ObjectSpace",
    "Observable",
    "Open3",
    "OpenSSL",
    "OpenStruct",
    "OptionParser",
    "PP",
    "PStore",
    "PTY",
    "Pathname",
    "PrettyPrint",
    "Prime",
    "Prism",
    "Proc",
    "Process",
    "Psych",
    "Queue",
    "REXML",
    "RDoc",
    "Ractor",
    "Rails",
    "Rake",
    "Random",
    "Range",
    "RangeError",
    "Rational",
    "RbConfig",
    "Readline",
    "Refinement",
    "Regexp",
    "RegexpError",
    "Reline",
    "Ripper",
    "Ruby",
    "RubyVM",
    "RuntimeError",
    "ScriptError",
    "SecureRandom",
    "SecurityError",
    "Set",
    "SortedSet",
    "Shellwords",
    "Signal",
    "SignalException",
    "SimpleDelegator",
    "Singleton",
    "SizedQueue",
    "Socket",
    "SocketError",
    "Sprockets",
    "StandardError",
    "StopIteration",
    "String",
    "StringIO",
    "StringScanner",
    "Struct",
    "Symbol",
    "SyntaxError",
    "SystemCallError",
    "SystemExit",
    "SystemStackError",
    "TCPServer",
    "TCPSocket",
    "Tempfile",
    "Thor",
    "Thread",
    "ThreadError",
    "ThreadGroup",
    "Time",
    "Timeout",
    "TracePoint",
    "TrueClass",
    "TSort",
    "TypeError",
    "TZInfo",
    "UDPSocket",
    "UNIXServer",
    "UNIXSocket",
    "URI",
    "UnboundMethod",
    "UncaughtThrowError",
    "UnicodeNormalize",
    "Vector",
    "WIN32OLE",
    "Warning",
    "WeakRef",
    "YAML",
    "Zeitwerk",
    "ZeroDivisionError",
    "Zlib",
};
#define BUILTIN_COUNT (sizeof builtin / sizeof *builtin)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char **extra;
static size_t extra_count;

struct part {
    const char *bytes;
    size_t length;
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int compare_part(const void *key, const void *member)
{
    const struct part *part = key;
    const char *name = *(const char *const *)member;
    int order = strncmp(part->bytes, name, part->length);
    return order ? order : -(name[part->length] != '\0');
}

void platform_classes_init(void)
{
    qsort(builtin, BUILTIN_COUNT, sizeof *builtin, compare_names);
}

static void free_names(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

bool platform_classes_extend(const char *const *names, size_t count)
{
    char **copy = calloc(count ? count : 1, sizeof *copy);
    if (!copy) return false;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(names[i]);
        if (length > 2 && strcmp(names[i] + length - 2, "::") == 0) length -= 2;
        copy[i] = strndup(names[i], length);
        if (!copy[i]) {
            free_names(copy, i);
            return false;
        }
    }
    qsort(copy, count, sizeof *copy, compare_names);

    pthread_mutex_lock(&lock);
    char **old = extra;
    size_t old_count = extra_count;
    extra = copy;
    extra_count = count;
    pthread_mutex_unlock(&lock);
    free_names(old, old_count);
    return true;
}

static bool extra_class_p(const char *name)
{
    for (const char *end = name; end;) {
        end = strstr(end, "::");
        struct part part = {name, end ? (size_t)(end - name) : strlen(name)};
        if (bsearch(&part, extra, extra_count, sizeof *extra, compare_part)) return true;
        if (end) end += 2;
    }
    return false;
}

bool platform_class_p(const char *name)
{
    const char *end = strstr(name, "::");
    struct part outermost = {name, end ? (size_t)(end - name) : strlen(name)};
    if (bsearch(&outermost, builtin, BUILTIN_COUNT, sizeof *builtin, compare_part)) return true;

    pthread_mutex_lock(&lock);
    bool found = extra_count && extra_class_p(name);
    pthread_mutex_unlock(&lock);
    return found;
}

void platform_classes_lock(void)
{
    pthread_mutex_lock(&lock);
}

void platform_classes_unlock(void)
{
    pthread_mutex_unlock(&lock);
}
