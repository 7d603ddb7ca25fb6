# frozen_string_literal: true

# One action per leak. Each keeps `n` objects for ever while its switch is on, and none while it is off.
class LeaksController < ApplicationController
  Leak::KINDS.each do |kind|
    define_method(kind) do
      leak = Leak.find(kind)
      leaked = leak.on? ? times.times { leak.leak(request) } : 0
      render json: { leak: kind, on: leak.on?, leaked: leaked }
    end
  end

  private

  def times
    params.fetch(:n, 20).to_i.clamp(1, 10_000)
  end
end
