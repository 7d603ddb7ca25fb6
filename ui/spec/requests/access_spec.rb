# frozen_string_literal: true

require_relative "../ui_helper"

RSpec.describe "Access", :store do
  let(:config) { HeapPeriscopeUi.configuration }

  def status(env = {})
    UiApp.get("/api/v1/processes", env).status
  end

  def basic(name, password)
    { "HTTP_AUTHORIZATION" => "Basic #{["#{name}:#{password}"].pack("m0")}" }
  end

  it "is open in development and test" do
    expect(status).to eq(200)
  end

  context "with another environment" do
    around do |example|
      Rails.env = "production"
      example.run
    ensure
      Rails.env = "test"
    end

    it "is closed, and says how to open it" do
      answer = UiApp.get("/api/v1/processes")
      expect(answer.status).to eq(403)
      expect(JSON.parse(answer.body)["error"]).to include("config.access", "config.http_basic", "config.base_controller_class")
    end

    it "asks the configured lambda" do
      config.access = ->(request) { request.params["who"] == "me" }
      expect(status).to eq(403)
      expect(UiApp.get("/api/v1/processes?who=me").status).to eq(400) # let in, and the API does not know the parameter
    end

    it "asks for the configured credentials" do
      config.http_basic = { name: "admin", password: "right" }
      expect([status, status(basic("admin", "wrong")), status(basic("admin", "right"))]).to eq([401, 401, 200])
    end
  end

  it "sets its own content security policy" do
    policies = Array.new(2) { UiApp.get("/api/v1/processes").headers["content-security-policy"] }
    expect(policies).to all(include("default-src 'none'").and(match(/script-src 'nonce-[^']+'/)))
    expect(policies.uniq.size).to eq(2)
  end

  describe "deleting" do
    let(:member) { SampleData.members.first }
    let(:id) { HeapPeriscopeUi::ObservedProcess.first.id }
    let(:own_page) { { "HTTP_SEC_FETCH_SITE" => "same-origin", "HTTP_ORIGIN" => "http://example.org" } }

    before { HeapPeriscopeUi.store.write(SampleData.snapshot(member, 0, HeapPeriscopeUi::Timestamps.now)) }

    def delete(token, env = own_page)
      UiApp.post("/processes/#{id}/delete", env.merge(params: { token: token })).status
    end

    def token(change = "deletions/delete_process/#{id}")
      HeapPeriscopeUi::ChangeToken.generate(change)
    end

    it "takes a request of an own page with its token" do
      expect(delete(token)).to eq(303)
      expect(HeapPeriscopeUi::ObservedProcess.kept).to be_empty
    end

    it "refuses any other" do
      expect(delete("forged")).to eq(403)
      expect(delete(nil)).to eq(403)
      expect(delete(token("deletions/delete_process/#{id + 1}"))).to eq(403)
      expect(delete(token, { "HTTP_SEC_FETCH_SITE" => "cross-site", "HTTP_ORIGIN" => "http://example.org" })).to eq(403)
      expect(delete(token, { "HTTP_ORIGIN" => "http://evil.example" })).to eq(403)
      expect(delete(token, {})).to eq(403)
      expect(HeapPeriscopeUi::ObservedProcess.kept.count).to eq(1)
    end

    it "deletes a service with all its processes" do
      service = HeapPeriscopeUi::ObservedService.create!(kind: 1, service_name: member.service, host: "", process_id: 0, instance: "service:x",
                                                         first_seen_at: 1, last_seen_at: 1)
      token = HeapPeriscopeUi::ChangeToken.generate("deletions/delete_service/#{service.id}")
      expect(UiApp.post("/services/#{service.id}/delete", own_page.merge(params: { token: token })).status).to eq(303)
      expect([HeapPeriscopeUi::ObservedProcess.kept.count, HeapPeriscopeUi::ObservedService.kept.count]).to eq([0, 0])
    end
  end
end
