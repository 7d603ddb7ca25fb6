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

  it "lets in only whom all that is configured lets in" do
    config.http_basic = { name: "admin", password: "right" }
    config.access = ->(request) { request.get_header("HTTP_X_OFFICE") == "yes" }
    right = basic("admin", "right")
    expect([status(right), status("HTTP_X_OFFICE" => "yes"), status(right.merge("HTTP_X_OFFICE" => "yes"))]).to eq([403, 401, 200])
  end

  it "answers 401 to credentials that are none" do
    config.http_basic = { name: "admin", password: "right" }
    headers = ["Basic", "Basic ", "Basic !!!", "Basic #{["admin"].pack("m0")}", "Basic #{["\xff:\xfe"].pack("m0")}", "Bearer x", "Basic a b", ""]
    expect(headers.to_h { |header| [header, status("HTTP_AUTHORIZATION" => header)] }).to eq(headers.to_h { |header| [header, 401] })
  end

  it "answers 400 or ignores what robots make of parameters" do
    paths = %w[/ /leaks /spans /spans/chart /compare /status /status/chart /retained_sites /allocation_sites /processes/1 /processes/1/charts/classes
               /processes/1/charts/metrics /api/v1/live /api/v1/events /api/v1/spans /api/v1/processes /api/v1/processes/1/classes /api/v1/status]
    HeapPeriscopeUi.store.write(SampleData.snapshot(SampleData.members.first, 0, HeapPeriscopeUi::Timestamps.now))
    odd = %w[process[]=1 process[x]=1 class[x]=1 name[x]=1 filter[]=1 q[]=1 range[]=1 part[]=1 type[x]=1 before=99999999999999999999999 q=%00 subject[]=1
             process=99999999999999999999999 sort[]=1 from[]=1 metric[][x]=1 all[]=true state[]=x at[x]=1 after=99999999999999999999999 name[]=%00]
    broken = paths.product(odd).reject { |path, query| [200, 400, 404].include?(UiApp.get("#{path}?#{query}").status) }
    expect(broken).to eq([])
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
