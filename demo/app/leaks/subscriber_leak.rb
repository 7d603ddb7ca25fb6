# frozen_string_literal: true

# Subscribes on every request what should have been subscribed once.
class SubscriberLeak < Leak
  def description
    "adds one more notification subscriber per request"
  end

  def leak(request)
    path = request.path.dup
    ActiveSupport::Notifications.subscribe("audit.demo") { |*event| "#{path}: #{event.size}" }
  end
end
