# frozen_string_literal: true

require_relative "../ui_helper"
require_relative "../support/sample_history"

# Robots and people with scanners put anything into any parameter of any address. No answer may be an error of the server.
RSpec.describe "Parameters", timeout: 300 do
  ASKED = %w[after all at before by class class_name confidence events filter form format from kind limit metric mode name own page part process q
             range service since sort state step subject table to token top type with unheard_of].freeze
  NUMBERS = %w[after at before from limit process service since top with].freeze
  HUGE = "99999999999999999999999"
  # What a base class of the host may add by itself, as an API-only application does.
  JSON_BODY = { "CONTENT_TYPE" => "application/json" }.freeze

  let(:process) { HeapPeriscopeUi::ObservedProcess.find_by!(process_id: 41_209) }
  let(:service) { HeapPeriscopeUi::ObservedService.first }

  before do
    SampleHistory.new(SampleData.members.first(2)).write(4)
  end

  # @return [Array<String>] every address of the engine that answers GET
  def addresses
    routes = HeapPeriscopeUi::Engine.routes.routes.select { |route| route.verb == "GET" }
    paths = routes.map { |route| route.path.spec.to_s.sub("(.:format)", "") }
    paths.map do |path|
      path.sub(":id", (path.include?("services") ? service : process).id.to_s).sub("*path", "nothing/here")
    end
  end

  # @return [Array<Array>] what answered with anything but these
  def wrong(queries, allowed, env = {})
    addresses.product(queries).filter_map do |address, query|
      answer = begin
        UiApp.get("#{address}?#{query}", env).status
      rescue ActionController::BadRequest
        400 # the frame of every application makes an answer of it; here it lets errors through
      rescue StandardError => e
        e.class.name + ": " + e.message[0, 120]
      end
      [address, query, answer] unless allowed.include?(answer)
    end
  end

  shared_examples "any database" do
    it "takes or refuses, but never fails, at huge numbers" do
      expect(wrong(ASKED.map { |name| "#{name}=#{HUGE}" }, [200, 400, 404])).to eq([])
      expect(wrong(%w[name[]=%00 from=999999999999990&to=999999999999999 since=-999999999999&range=15m], [200, 400, 404])).to eq([])
    end
  end

  context "with SQLite", :store do
    include_examples "any database"

    it "answers 400 to lists and tables, on every page, chart and address of the API" do
      expect(addresses.size).to be > 30
      expect(wrong(ASKED.map { |name| "#{name}[]=1" } - ["name[]=1", "metric[]=1"], [400])).to eq([])
      expect(wrong(%w[process[x]=1 class[x]=1 name[x]=1 part[x]=1 unheard_of[x][y]=1], [400])).to eq([])
      expect(wrong(%w[name[]=1 metric[]=1 name[][]=1 metric[][x]=1], [200, 400, 404])).to eq([])
    end

    it "answers 400 to what no database takes" do
      expect(wrong(%w[q=a%00b name=%00 process=%00 filter=%00 x%00=1 q=%ff name=%C3], [400])).to eq([])
    end

    it "takes or refuses other words, nothing and long texts" do
      values = ["-99999999999", "1e99", "999999999999999", "", "0", "banana"]
      expect(wrong(NUMBERS.product(values).map { |pair| pair.join("=") }, [200, 400, 404])).to eq([])
      expect(wrong(["q=#{"x" * 9_000}", "from=1&to=2", "from=2026-13-45T99:00:00Z"], [200, 400, 404])).to eq([])
    end

    it "does not take a host's wrapping of parameters for one of its own" do
      expect(wrong([""], [200, 400, 404], JSON_BODY)).to eq([])
      expect(UiApp.get("/api/v1/processes", JSON_BODY).status).to eq(200)
    end

    it "says what is wrong" do
      { "/api/v1/events?process=#{process.id}&before=99999999999999999999" => "before must be a whole number from 0 to",
        "/api/v1/spans?filter[]=a" => "filter must be one value, not a list or a table",
        "/api/v1/spans?filter=a%00" => "filter must not contain a NUL character",
        "/api/v1/spans?process=seven" => "process must be a whole number from 0 to" }.each do |path, sentence|
        expect(JSON.parse(UiApp.get(path).body)["error"]).to start_with(sentence)
      end
      page = UiApp.get("/processes/#{process.id}?before=99999999999999999999")
      expect([page.status, page.body]).to match([400, include("before must be a whole number")])
    end
  end

  context "with PostgreSQL", store: :postgresql do
    include_examples "any database"
  end
end
