package MCPTest::TLS;
# A certificate authority and a server certificate made with openssl, once per test process.
#
#   my $tls = MCPTest::TLS::files();                     # {ca, cert, key}: PEM files, for localhost and 127.0.0.1
#   my $tls = MCPTest::TLS::files('mcp.example.test');   # another name, or an IPv4 address
#   MCPTest::TLS::directives()                           # SSLEngine and file lines for a virtual host

use v5.36;
use MCPTest::Util qw(run spew tempdir);

my ($DIR, %MADE);

sub files ($name = 'localhost') {
    $DIR //= _authority();
    return $MADE{$name} //= _server($name);
}

sub directives ($name = 'localhost') {
    my $file = files($name);
    return "SSLEngine on\nSSLCertificateFile \"$file->{cert}\"\nSSLCertificateKeyFile \"$file->{key}\"\nProtocols h2 http/1.1\n";
}

sub _authority {
    my $dir = tempdir();
    _openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$dir/ca.key", '-out', "$dir/ca.pem",
        '-days', 2, '-subj', '/CN=MCPTest CA', '-addext', 'basicConstraints=critical,CA:TRUE');
    return $dir;
}

sub _server ($name) {
    my $base  = "$DIR/$name";
    my $names = ($name =~ /\A[\d.]+\z/ ? 'IP' : 'DNS') . ":$name" . ($name eq 'localhost' ? ',IP:127.0.0.1' : '');
    spew("$base.ext", "subjectAltName=$names\n");
    _openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', "$base.key", '-out', "$base.csr", '-subj', "/CN=$name");
    _openssl('x509', '-req', '-in', "$base.csr", '-CA', "$DIR/ca.pem", '-CAkey', "$DIR/ca.key", '-CAcreateserial', '-days', 2,
        '-extfile', "$base.ext", '-out', "$base.crt");
    return { ca => "$DIR/ca.pem", cert => "$base.crt", key => "$base.key" };
}

sub _openssl (@args) {
    my $done = run([ 'openssl', @args ]);
    die "openssl @args: $done->{err}" if $done->{exit};
    return;
}

1;
