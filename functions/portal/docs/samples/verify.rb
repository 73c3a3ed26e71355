# Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
require "openssl"

TOLERANCE_SECONDS = 300

# Whether +body+, the raw bytes, was signed with +secret+ not long before +now+ (Unix seconds).
# +signatures+: X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
def verify(secret, timestamp, signatures, body, now = Time.now.to_i)
  return false if secret.empty? || !timestamp.match?(/\A[0-9]{1,12}\z/)
  return false if (now - timestamp.to_i).abs > TOLERANCE_SECONDS

  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, "#{timestamp}.".b + body.b)
  well_formed = signatures.select { |signature| signature&.match?(/\A[0-9a-f]{64}\z/) }
  well_formed.any? { |signature| OpenSSL.fixed_length_secure_compare(expected, signature) }
end

# usage: WEBHOOK_SECRET=whsec_... ruby verify.rb <timestamp> <signature> [more signatures] < body
if $PROGRAM_NAME == __FILE__
  now = Integer(ENV.fetch("VERIFY_NOW", Time.now.to_i))
  verified = verify(ENV.fetch("WEBHOOK_SECRET"), ARGV[0].to_s, ARGV.drop(1), $stdin.binmode.read, now)
  puts verified ? "verified" : "refused"
  exit verified ? 0 : 1
end
