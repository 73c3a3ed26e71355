# Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
require "openssl"

TOLERANCE_SECONDS = 300

# Whether +body+, the raw bytes, was signed with +secret+ not long before +now+ (Unix seconds).
def verify(secret, timestamp, signature, body, now = Time.now.to_i)
  return false unless timestamp.match?(/\A[0-9]{1,12}\z/) && signature.match?(/\A[0-9a-f]{64}\z/)
  return false if (now - timestamp.to_i).abs > TOLERANCE_SECONDS

  expected = OpenSSL::HMAC.hexdigest("SHA256", secret, "#{timestamp}.".b + body.b)
  OpenSSL.fixed_length_secure_compare(expected, signature)
end

# usage: WEBHOOK_SECRET=whsec_... ruby verify.rb <timestamp> <signature> < body
if $PROGRAM_NAME == __FILE__
  now = Integer(ENV.fetch("VERIFY_NOW", Time.now.to_i))
  verified = verify(ENV.fetch("WEBHOOK_SECRET"), ARGV[0].to_s, ARGV[1].to_s, $stdin.binmode.read, now)
  puts verified ? "verified" : "refused"
  exit verified ? 0 : 1
end
