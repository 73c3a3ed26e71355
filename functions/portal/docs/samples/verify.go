// Verifies a delivery. VERIFY_NOW (Unix seconds) replaces the clock in tests.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

const toleranceSeconds = 300

// Verify tells whether body, the raw bytes, was signed with secret not long before now. The signatures are those of
// X-Webhook-Signature, X-Webhook-Signature-Next and -Previous, as far as they are there. One has to match.
func Verify(secret, timestamp string, signatures []string, body []byte, now time.Time) bool {
	sent, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || secret == "" {
		return false
	}
	if age := now.Unix() - sent; age > toleranceSeconds || age < -toleranceSeconds {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	expected := mac.Sum(nil)
	for _, signature := range signatures {
		if given, err := hex.DecodeString(signature); err == nil && hmac.Equal(expected, given) {
			return true
		}
	}
	return false
}

// usage: WEBHOOK_SECRET=whsec_... go run verify.go <timestamp> <signature> [more signatures] < body
func main() {
	now := time.Now()
	if seconds, err := strconv.ParseInt(os.Getenv("VERIFY_NOW"), 10, 64); err == nil {
		now = time.Unix(seconds, 0)
	}
	body, err := io.ReadAll(os.Stdin)
	if err != nil || len(os.Args) < 3 || !Verify(os.Getenv("WEBHOOK_SECRET"), os.Args[1], os.Args[2:], body, now) {
		fmt.Println("refused")
		os.Exit(1)
	}
	fmt.Println("verified")
}
