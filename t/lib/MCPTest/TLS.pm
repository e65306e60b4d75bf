package MCPTest::TLS;
# A certificate authority and server certificates made with openssl, once per test process: good ones and bad ones.
#
#   my $tls = MCPTest::TLS::files();                     # {ca, cert, key}: PEM files, for localhost and 127.0.0.1
#   my $tls = MCPTest::TLS::files('mcp.example.test');   # another name, or an IPv4 address
#   my $tls = MCPTest::TLS::files('localhost', 'expired');   # or good, self_signed, unknown_ca, wrong_name
#   MCPTest::TLS::directives()                           # SSLEngine and file lines for a virtual host; arguments likewise
#
# Whatever the kind, ca is the good authority: with a bad certificate, trust in it must not be enough. In all but what
# makes it bad, a bad certificate is as the good one.

use v5.36;
use MCPTest::Util qw(run spew tempdir);

my @NEW_KEY = ('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes');
my ($DIR, %MADE);

# kind => [days of life, name in the certificate, authority]
my %KIND = (
    good        => [  2, undef,             'ca' ],
    expired     => [ -1, undef,             'ca' ],    # its end is a day before its beginning, which is now
    wrong_name  => [  2, 'another.example', 'ca' ],
    unknown_ca  => [  2, undef,             'stranger' ],
    self_signed => [  2, undef,             undef ],
);

sub kinds () { return sort keys %KIND }

sub files ($name = 'localhost', $kind = 'good') {
    my $spec = $KIND{$kind} or die "no such kind of certificate: $kind";
    $DIR //= tempdir();
    _authority('ca');
    return $MADE{"$name $kind"} //= _server($name, $kind, @$spec);
}

sub directives ($name = 'localhost', $kind = 'good') {
    my $file = files($name, $kind);
    return "SSLEngine on\nSSLCertificateFile \"$file->{cert}\"\nSSLCertificateKeyFile \"$file->{key}\"\nProtocols h2 http/1.1\n";
}

sub _authority ($ca) {
    return if -e "$DIR/$ca.pem";
    _openssl('req', '-x509', @NEW_KEY, '-keyout', "$DIR/$ca.key", '-out', "$DIR/$ca.pem", '-days', 2, '-subj', "/CN=MCPTest $ca",
        '-addext', 'basicConstraints=critical,CA:TRUE');
    return;
}

sub _server ($name, $kind, $days, $other, $ca) {
    my $base  = "$DIR/$name-$kind";
    my $says  = $other // $name;
    my $names = 'subjectAltName=' . ($says =~ /\A[\d.]+\z/ ? 'IP' : 'DNS') . ":$says" . ($says eq 'localhost' ? ',IP:127.0.0.1' : '');
    if (defined $ca) {
        _authority($ca);
        spew("$base.ext", "$names\n");
        _openssl('req', @NEW_KEY, '-keyout', "$base.key", '-out', "$base.csr", '-subj', "/CN=$says");
        _openssl('x509', '-req', '-in', "$base.csr", '-CA', "$DIR/$ca.pem", '-CAkey', "$DIR/$ca.key", '-CAcreateserial', '-days', $days,
            '-extfile', "$base.ext", '-out', "$base.crt");
    }
    else {
        _openssl('req', '-x509', @NEW_KEY, '-keyout', "$base.key", '-out', "$base.crt", '-days', $days, '-subj', "/CN=$says", '-addext', $names);
    }
    return { ca => "$DIR/ca.pem", cert => "$base.crt", key => "$base.key" };
}

sub _openssl (@args) {
    my $done = run([ 'openssl', @args ]);
    die "openssl @args: $done->{err}" if $done->{exit};
    return;
}

1;
