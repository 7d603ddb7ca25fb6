# frozen_string_literal: true

require "open3"

# Gems in folders of their own, which rake installs (tasks/rival.rake and its neighbours).
module GemFolder
  ROOT = File.expand_path("../..", __dir__)

  # @param task [String] such as "rival:install"; its last line is the folder
  # @return [String]
  # @raise [RuntimeError] with what the task said
  def self.of(task)
    output, error, status = Open3.capture3("bundle", "exec", "rake", "--silent", task, chdir: ROOT)
    folder = output.lines.last.to_s.chomp
    status.success? && File.directory?(folder) ? folder : raise("rake #{task} gave no folder:\n#{output}#{error}")
  end
end
