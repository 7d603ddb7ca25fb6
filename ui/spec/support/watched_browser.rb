# frozen_string_literal: true

require "ferrum"

# Chromium without a window, which notes everything that a page must not do. For the system specs and bin/demo.
module WatchedBrowser
  # From a page's first moment on.
  WATCH = <<~SCRIPT
    window.__faults = [];
    document.addEventListener("securitypolicyviolation", (event) => window.__faults.push(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    window.addEventListener("error", (event) => window.__faults.push(`error: ${event.message}`));
    window.addEventListener("unhandledrejection", (event) => window.__faults.push(`rejection: ${event.reason}`));
  SCRIPT
  FAULTS = "window.__faults || []"
  # How many colours each canvas of a chart has, beside nothing.
  COLORS = <<~SCRIPT
    [...document.querySelectorAll("figure canvas")].map((canvas) => {
      const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, colors = new Set();
      for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 0) colors.add(`${data[i] >> 4},${data[i + 1] >> 4},${data[i + 2] >> 4}`);
      return colors.size;
    })
  SCRIPT

  module_function

  # @return [Ferrum::Browser]
  def open
    browser = Ferrum::Browser.new(headless: true, timeout: 30, process_timeout: 60, window_size: [1440, 1000],
                                  browser_options: { "no-sandbox" => nil, "disable-dev-shm-usage" => nil })
    browser.evaluate_on_new_document(WATCH)
    browser
  end

  # @param pixels [Integer] of the page, not the window
  def width(browser, pixels)
    browser.page.command("Emulation.setDeviceMetricsOverride", width: pixels, height: 900, deviceScaleFactor: 1, mobile: pixels < 500)
  end

  # @param theme [String] what the system wants: "light" or "dark"
  def theme(browser, theme)
    browser.page.command("Emulation.setEmulatedMedia", features: [{ name: "prefers-color-scheme", value: theme }])
  end
end
