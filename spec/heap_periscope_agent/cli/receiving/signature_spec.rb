# frozen_string_literal: true

require "heap_periscope_agent/cli/receiving/signature"
require_relative "../../../support/reports"

RSpec.describe HeapPeriscopeAgent::CLI::Signature do
  include Reports

  subject(:signature) { described_class.new([secret]) }

  let(:secret) { "correct horse battery staple" }
  let(:refused) { HeapPeriscopeAgent::CLI::RefusedDatagram }

  def take(bytes, at: Time.now)
    signature.verify(bytes)
    signature.admit(HeapPeriscopeAgent::CLI::Datagram.parse(bytes, received_at: at, from: "127.0.0.1:1"))
  end

  it "takes what was signed with the secret, once" do
    bytes = sign(snapshot, secret)
    take(bytes)
    expect { take(bytes) }.to raise_error(refused, "seen before")
    expect { take(sign(snapshot(sequence: 2), secret)) }.not_to raise_error
  end

  it "agrees with the vector of RFC 4231, test case 2, on what HMAC-SHA-256 is" do
    expect(OpenSSL::HMAC.hexdigest("SHA256", "Jefe", "what do ya want for nothing?"))
      .to eq("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  end

  it "takes either of two secrets" do
    both = described_class.new([secret, "the secret that comes next"])
    [secret, "the secret that comes next"].each do |one|
      expect { both.verify(sign(snapshot, one, key: "k-2")) }.not_to raise_error
    end
  end

  it "refuses every change of a single byte" do
    bytes = sign(gc_report, secret)
    bytes.bytesize.times do |index|
      changed = bytes.b.tap { |copy| copy.setbyte(index, copy.getbyte(index) ^ 1) }
      expect { signature.verify(changed) }.to raise_error(refused), "byte #{index}"
    end
  end

  it "refuses what is not signed, or by somebody else, or with the signature elsewhere" do
    expect { signature.verify(JSON.generate(snapshot)) }.to raise_error(refused, "not signed")
    expect { signature.verify("") }.to raise_error(refused, "not signed")
    expect { signature.verify(sign(snapshot, "some other secret of ours")) }
      .to raise_error(refused, "signed with another secret")
    expect { signature.verify(" #{sign(snapshot, secret)}") }.to raise_error(refused, "not signed")
    expect { signature.verify(sign(snapshot, secret, key: "../../etc")) }.to raise_error(refused, "not signed")
  end

  it "refuses reports from long ago, from times to come and from no time" do
    expect { take(sign(snapshot(at: Time.now - 400), secret)) }.to raise_error(refused, "too old or too new")
    expect { take(sign(snapshot(at: Time.now + 400), secret)) }.to raise_error(refused, "too old or too new")
    expect { take(sign(snapshot(reported_at: "soon"), secret)) }.to raise_error(refused, "too old or too new")
  end
end
