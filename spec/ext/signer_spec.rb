# frozen_string_literal: true

require "openssl"
require "heap_periscope_agent"
require "heap_periscope_agent/signature"

RSpec.describe "signer", :native do
  # RFC 4231, section 4: key, data, HMAC-SHA-256. Of test case 5 only the first 128 bits are told.
  VECTORS = {
    1 => ["\x0b" * 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    2 => ["Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"],
    3 => ["\xaa".b * 20, "\xdd".b * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"],
    4 => [[*1..25].pack("C*"), "\xcd".b * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"],
    5 => ["\x0c" * 20, "Test With Truncation", "a3b6167473100ee06e0c796c2955552b"],
    6 => ["\xaa".b * 131, "Test Using Larger Than Block-Size Key - Hash Key First",
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"],
    7 => ["\xaa".b * 131, "This is a test using a larger than block-size key and a larger than block-size data. " \
                          "The key needs to be hashed before being used by the HMAC algorithm.",
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"]
  }.freeze

  let(:testing) { HeapPeriscopeAgent::Testing }

  def sign(bytes, key) = testing.signature(bytes, key, bytes.bytesize)

  VECTORS.each do |number, (secret, data, digits)|
    it "agrees with test case #{number} of RFC 4231" do
      expect(sign(data, testing.signing_key(secret))).to start_with(digits)
      expect(HeapPeriscopeAgent::Signature.hexdigest(data, secret)).to start_with(digits)
    end
  end

  it "signs datagram after datagram with one key, each by itself" do
    key = testing.signing_key("a secret of the signer's spec")
    ["", "x", "y" * 65_507, "x"].each do |data|
      expect(sign(data, key)).to eq(OpenSSL::HMAC.hexdigest("SHA256", "a secret of the signer's spec", data))
    end
  end

  it "gives a secret that stays the same its old number, and reports on their way their old key" do
    older, old, new = %w[older old new].map { |secret| testing.signing_key("#{secret} secret of the spec") }
    expect(testing.signing_key("new secret of the spec")).to eq(new)
    expect([sign("data", old), sign("data", new)])
      .to eq(%w[old new].map { |secret| OpenSSL::HMAC.hexdigest("SHA256", "#{secret} secret of the spec", "data") })
    expect { expect(sign("data", older)).to be_nil }.to change { HeapPeriscopeAgent.agent_cost[:failures] }.by(1)
  end

  it "signs nothing without a secret" do
    expect(testing.signing_key(nil)).to eq(0)
  end

  it "keeps a secret as it was given, whatever becomes of the String" do
    secret = +"first secret of the spec"
    key = testing.signing_key(secret)
    secret.replace("another one altogether")
    GC.start
    expect(sign("data", key)).to eq(OpenSSL::HMAC.hexdigest("SHA256", "first secret of the spec", "data"))
  end
end
