// What go-spiffe says of certificates and tokens: one JSON object a line in, one a line out. It is
// the independent implementation that test/workload_api/differential.test.ts compares ours with.
package main

import (
	"bufio"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/jwtbundle"
	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// One question. Chain and the bundles of X509 are DER, which JSON carries as base64; those of JWT
// are JWK Sets.
type question struct {
	Chain    [][]byte            `json:"chain"`
	X509     map[string][][]byte `json:"x509"`
	NowMs    int64               `json:"nowMs"`
	Token    string              `json:"token"`
	JWT      map[string]string   `json:"jwt"`
	Audience string              `json:"audience"`
}

// ID is empty where nothing is proved; Error then says why.
type verdict struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		id, err := answer(lines.Bytes())
		said := verdict{ID: id.String()}
		if err != nil {
			said = verdict{Error: err.Error()}
		}
		if err := out.Encode(said); err != nil {
			panic(err)
		}
	}
	if err := lines.Err(); err != nil {
		panic(err)
	}
}

func answer(line []byte) (spiffeid.ID, error) {
	var asked question
	if err := json.Unmarshal(line, &asked); err != nil {
		panic(err)
	}
	if asked.Token != "" {
		return verifyToken(asked)
	}
	return verifyCertificate(asked)
}

func verifyCertificate(asked question) (spiffeid.ID, error) {
	bundles := x509bundle.NewSet()
	for name, ders := range asked.X509 {
		var roots []*x509.Certificate
		for _, der := range ders {
			root, err := x509.ParseCertificate(der)
			if err != nil {
				return spiffeid.ID{}, fmt.Errorf("a root: %w", err)
			}
			roots = append(roots, root)
		}
		domain := spiffeid.RequireTrustDomainFromString(name)
		bundles.Add(x509bundle.FromX509Authorities(domain, roots))
	}
	now := x509svid.WithTime(time.UnixMilli(asked.NowMs))
	id, _, err := x509svid.ParseAndVerify(asked.Chain, bundles, now)
	return id, err
}

func verifyToken(asked question) (spiffeid.ID, error) {
	bundles := jwtbundle.NewSet()
	for name, keys := range asked.JWT {
		domain := spiffeid.RequireTrustDomainFromString(name)
		bundle, err := jwtbundle.Parse(domain, []byte(keys))
		if err != nil {
			return spiffeid.ID{}, fmt.Errorf("a bundle: %w", err)
		}
		bundles.Add(bundle)
	}
	svid, err := jwtsvid.ParseAndValidate(asked.Token, bundles, []string{asked.Audience})
	if err != nil {
		return spiffeid.ID{}, err
	}
	return svid.ID, nil
}
