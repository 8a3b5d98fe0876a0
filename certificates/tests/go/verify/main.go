// Verify says what Go's crypto/x509 makes of certificates: what it reads in them, and whether it accepts them for what it
// is asked. Standard library alone.
//
// It reads JSON from its standard input and writes JSON to its standard output, in the same order.
package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// A Case is a certificate with those that lead to one that is trusted, and questions about it.
type Case struct {
	Certificate   []byte   `json:"certificate"`
	Intermediates [][]byte `json:"intermediates"`
	Root          []byte   `json:"root"`
	// The list of revoked certificates of the authority that signed the certificate; empty: none is looked at.
	List      []byte     `json:"list"`
	Questions []Question `json:"questions"`
}

// A Question is whether the certificate is good at a time, for a use, under a name.
type Question struct {
	At int64 `json:"at"`
	// An object identifier with dots; empty: for whatever it is.
	Usage string `json:"usage"`
	// A host or an IP address; empty: under any name.
	Host string `json:"host"`
	// An e-mail address, which the library reads and does not verify; empty: under any name.
	Mailbox string `json:"mailbox"`
}

// A Verdict has an empty text for each question that is answered by yes, and else the reason why not.
type Verdict struct {
	Problem string   `json:"problem"`
	Read    *Read    `json:"read"`
	Answers []string `json:"answers"`
}

// Read is what a certificate says.
type Read struct {
	Serial     string   `json:"serial"`
	NotBefore  int64    `json:"not_before"`
	NotAfter   int64    `json:"not_after"`
	Key        string   `json:"key"`
	Emails     []string `json:"emails"`
	DNSNames   []string `json:"dns_names"`
	URIs       []string `json:"uris"`
	Addresses  []string `json:"ip_addresses"`
	KeyUsages  []string `json:"key_usages"`
	Usages     []string `json:"extended_key_usages"`
	Revocation []string `json:"revocation_lists"`
	Authority  bool     `json:"is_authority"`
}

// The names of RFC 5280, 4.2.1.3.
var keyUsages = []struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageCRLSign, "cRLSign"},
	{x509.KeyUsageDataEncipherment, "dataEncipherment"},
	{x509.KeyUsageDecipherOnly, "decipherOnly"},
	{x509.KeyUsageDigitalSignature, "digitalSignature"},
	{x509.KeyUsageEncipherOnly, "encipherOnly"},
	{x509.KeyUsageKeyAgreement, "keyAgreement"},
	{x509.KeyUsageCertSign, "keyCertSign"},
	{x509.KeyUsageKeyEncipherment, "keyEncipherment"},
	{x509.KeyUsageContentCommitment, "nonRepudiation"},
}

func main() {
	var cases []Case
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	verdicts := make([]Verdict, 0, len(cases))
	for _, one := range cases {
		verdicts = append(verdicts, one.verdict())
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c Case) verdict() Verdict {
	leaf, err := x509.ParseCertificate(c.Certificate)
	if err != nil {
		return Verdict{Problem: err.Error(), Answers: []string{}}
	}
	roots, err := pool([][]byte{c.Root})
	if err != nil {
		return Verdict{Problem: err.Error(), Answers: []string{}}
	}
	intermediates, err := pool(c.Intermediates)
	if err != nil {
		return Verdict{Problem: err.Error(), Answers: []string{}}
	}
	isSelfSigned := bytes.Equal(c.Certificate, c.Root)
	verdict := Verdict{Read: read(leaf), Answers: []string{}}
	for _, question := range c.Questions {
		answer := ""
		err := question.ask(leaf, isSelfSigned, roots, intermediates)
		if err == nil && len(c.List) > 0 {
			err = c.checkList(leaf, question.At)
		}
		if err != nil {
			answer = err.Error()
		}
		verdict.Answers = append(verdict.Answers, answer)
	}
	return verdict
}

// checkList refuses a certificate that is on the list, and a list that is not its authority's, or not of that time.
func (c Case) checkList(leaf *x509.Certificate, at int64) error {
	above := c.Root
	if len(c.Intermediates) > 0 {
		above = c.Intermediates[0]
	}
	issuer, err := x509.ParseCertificate(above)
	if err != nil {
		return err
	}
	list, err := x509.ParseRevocationList(c.List)
	if err != nil {
		return err
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return err
	}
	if now := time.Unix(at, 0); now.Before(list.ThisUpdate) || now.After(list.NextUpdate) {
		return fmt.Errorf("the list is of %s to %s", list.ThisUpdate, list.NextUpdate)
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
			return fmt.Errorf("the certificate was revoked at %s", entry.RevocationTime)
		}
	}
	return nil
}

func pool(all [][]byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, der := range all {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		pool.AddCert(certificate)
	}
	return pool, nil
}

func (q Question) ask(leaf *x509.Certificate, isSelfSigned bool, roots, intermediates *x509.CertPool) error {
	usages, err := usagesOf(q.Usage)
	if err != nil {
		return err
	}
	options := x509.VerifyOptions{
		Roots:         roots,
		Intermediates: intermediates,
		CurrentTime:   time.Unix(q.At, 0),
		KeyUsages:     usages,
	}
	if _, err := leaf.Verify(options); err != nil {
		return err
	}
	// One that is trusted itself is so without a look at its signature.
	if isSelfSigned {
		if err := leaf.CheckSignature(leaf.SignatureAlgorithm, leaf.RawTBSCertificate, leaf.Signature); err != nil {
			return err
		}
	}
	if q.Mailbox != "" && !slices.Contains(leaf.EmailAddresses, q.Mailbox) {
		return fmt.Errorf("the certificate is not for %s", q.Mailbox)
	}
	if q.Host != "" {
		return leaf.VerifyHostname(q.Host)
	}
	return nil
}

func usagesOf(asked string) ([]x509.ExtKeyUsage, error) {
	if asked == "" {
		return []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, nil
	}
	for usage := x509.ExtKeyUsageAny; usage <= x509.ExtKeyUsageMicrosoftKernelCodeSigning; usage++ {
		if usage.OID().String() == asked {
			return []x509.ExtKeyUsage{usage}, nil
		}
	}
	return nil, fmt.Errorf("no extended key usage is %s", asked)
}

func read(leaf *x509.Certificate) *Read {
	read := &Read{
		Serial:     fmt.Sprintf("%X", leaf.SerialNumber.Bytes()),
		NotBefore:  leaf.NotBefore.Unix(),
		NotAfter:   leaf.NotAfter.Unix(),
		Key:        key(leaf),
		Emails:     append([]string{}, leaf.EmailAddresses...),
		DNSNames:   append([]string{}, leaf.DNSNames...),
		URIs:       []string{},
		Addresses:  []string{},
		KeyUsages:  []string{},
		Usages:     []string{},
		Revocation: append([]string{}, leaf.CRLDistributionPoints...),
		Authority:  leaf.IsCA,
	}
	for _, uri := range leaf.URIs {
		read.URIs = append(read.URIs, uri.String())
	}
	for _, address := range leaf.IPAddresses {
		read.Addresses = append(read.Addresses, address.String())
	}
	for _, usage := range keyUsages {
		if leaf.KeyUsage&usage.bit != 0 {
			read.KeyUsages = append(read.KeyUsages, usage.name)
		}
	}
	for _, usage := range leaf.ExtKeyUsage {
		read.Usages = append(read.Usages, usage.OID().String())
	}
	for _, usage := range leaf.UnknownExtKeyUsage {
		read.Usages = append(read.Usages, usage.String())
	}
	return read
}

func key(leaf *x509.Certificate) string {
	switch public := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA-%d", public.N.BitLen())
	case *ecdsa.PublicKey:
		return public.Curve.Params().Name
	default:
		return fmt.Sprintf("%T", public)
	}
}
