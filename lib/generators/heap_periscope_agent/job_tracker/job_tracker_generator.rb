# frozen_string_literal: true

require_relative "../base"

module HeapPeriscopeAgent
  module Generators
    class JobTrackerGenerator < Base
      FOLDERS = %w[app/jobs app/sidekiq app/workers].freeze
      TRACKER = "prepend HeapPeriscopeAgent::SidekiqJobTracker"

      source_root File.expand_path("templates", __dir__)

      argument :job_class, type: :string, desc: "The job class to measure, such as ImportJob or Billing::InvoiceJob"

      def add_tracker
        opening = opening_line
        insert_into_file job_file, "#{opening[:indent]}  #{TRACKER}\n", after: /\A.*?#{Regexp.escape(opening.to_s)}/m
      end

      private

      def job_file
        @job_file ||= candidates.find { |path| File.exist?(File.join(destination_root, path)) } ||
                      raise(::Thor::Error, "No file for #{job_class} found. Looked for #{candidates.join(", ")}.")
      end

      def candidates
        FOLDERS.map { |folder| "#{folder}/#{job_class.underscore}.rb" }
      end

      # The line that opens the class, which may be written with or without its modules.
      def opening_line
        name = job_class.delete_prefix("::")
        source = File.read(File.join(destination_root, job_file))
        spellings = [name, name.demodulize].uniq.map { |spelling| Regexp.escape(spelling) }.join("|")
        source.match(/^(?<indent>[ \t]*)class[ \t]+(?:::)?(?:#{spellings})(?![\w:])(?:(?!;.*\bend\b).)*\n/) ||
          raise(::Thor::Error,
                "#{job_file} has no line that only opens class #{name}. Add this line to the class: #{TRACKER}")
      end
    end
  end
end
