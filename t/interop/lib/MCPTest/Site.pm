package MCPTest::Site;
# A whole site: a real authorization server, a real MCP server, and httpd with the module in front of it at /mcp.
# Not what a client does there (MCPTest::Peers), and no expectation.
#
#   my $site = MCPTest::Site->start(
#       as       => ['--ttl' => 3],            # words for the authorization server
#       location => "MCPClockSkew 0s\n",       # lines for <Location "/mcp">
#       issuer   => "MCPTokenFormat jwt\n",    # lines for <MCPIssuer>; @INTROSPECTION@ is its endpoint
#       modules  => ['socache_shmcb'],         # beyond httpd's usual set
#       tls      => 1,                         # https and HTTP/2
#       backend  => 'two_eras',                # another MCP server than server-everything: a method of MCPTest::Peers
#   );
#   $site->url; $site->base; $site->as; $site->backend; $site->httpd; $site->restart_as;
#
# /other is a second protected resource of the same server, with a backend that is never reached.

use v5.36;
use MCPTest::Httpd;
use MCPTest::Peers;

my $CONF = <<'CONF';
%ISSUER%
<Location "/mcp">
    AuthType MCP
    AuthName "interop"
    MCPResource %BASE%/mcp
    Require mcp-scope mcp:read
    ProxyPass http://127.0.0.1:@BACKEND@/mcp
%LOCATION%
</Location>
<Location "/other">
    AuthType MCP
    MCPResource %BASE%/other
    Require mcp-scope mcp:read
    ProxyPass http://127.0.0.1:@BACKEND@/other
</Location>
CONF

# protocol, method, path, status and Origin of each request
my $ACCESS = '%H %m %U %>s %{Origin}i';

sub start ($class, %opt) {
    my $self = bless { scheme => $opt{tls} ? 'https' : 'http' }, $class;
    $self->{as}      = MCPTest::Peers->authorization_server(@{ $opt{as} // [] });
    $self->{backend} = MCPTest::Peers->${ \($opt{backend} // 'backend') };
    $self->{httpd}   = MCPTest::Httpd->start(
        conf          => $self->_conf(%opt),
        tls           => $opt{tls},
        modules       => $opt{modules} // [],
        access_format => $ACCESS,
        vars          => {
            ISSUER        => $self->as->fact('issuer'),
            INTROSPECTION => $self->as->fact('introspection_endpoint'),
            BACKEND       => $self->backend->fact('port'),
        },
    );
    return $self;
}

sub _conf ($self, %opt) {
    my %text = (
        BASE     => "$self->{scheme}://127.0.0.1:\@PORT\@",
        LOCATION => $opt{location} // '',
        ISSUER   => $opt{issuer} ? "<MCPIssuer \@ISSUER\@>\n$opt{issuer}</MCPIssuer>" : 'MCPIssuer @ISSUER@',
    );
    return ($opt{tls} ? "\@TLS\@\n" : '') . $CONF =~ s/%([A-Z]+)%/$text{$1}/gr;
}

# The same issuer, as it comes back after it lost its keys and its clients.
sub restart_as ($self) {
    my $port = $self->as->fact('port');
    undef $self->{as};
    $self->{as} = MCPTest::Peers->authorization_server('--port' => $port);
    return;
}

sub as ($self)      { return $self->{as} }
sub backend ($self) { return $self->{backend} }
sub httpd ($self)   { return $self->{httpd} }
sub base ($self)    { return "$self->{scheme}://127.0.0.1:" . $self->httpd->port }
sub url ($self)     { return $self->base . '/mcp' }

# The backend ends before httpd, which else waits for event streams that a client has left open.
sub DESTROY ($self) {
    delete $self->{backend};
    return;
}

# A client's report as lines "METHOD path [JSON-RPC method] status", without what went to the authorization server.
sub exchanges ($self, $report) {
    my $base = $self->base;
    my @ours = grep { $_->{url} =~ m{^\Q$base\E/} } @{ $report->{exchanges} };
    return map { join ' ', $_->{method}, substr($_->{url}, length $base), $_->{rpc} // (), $_->{status} // 'none' } @ours;
}

# The values of the fields that carry a caller's identity, over all these requests of a backend: {name => [values]}.
sub fields ($self, @requests) {
    my %seen = map { $_ => {} } qw(authorization x-mcp-subject x-mcp-scope x-mcp-client-id x-mcp-issuer);
    for my $pair (map { @{ $_->{headers} } } @requests) {
        my $name = lc $pair->[0];
        $seen{$name}{ $pair->[1] } = 1 if $seen{$name};
    }
    return { map { $_ => [ sort keys %{ $seen{$_} } ] } keys %seen };
}

# The access log: {protocol, method, path, status, origin} per line.
sub access ($self) {
    my @names = qw(protocol method path status origin);
    return map { my %line; @line{@names} = split / /, $_; \%line } split /\n/, $self->httpd->access_log(all => 1);
}

# Whether no token of this report, nor a JWT's signature alone, is in a log of httpd, which runs with auth_mcp:trace8.
sub keeps_secrets ($self, $report) {
    my $logs   = $self->httpd->error_log(all => 1) . $self->httpd->access_log(all => 1);
    my @tokens = map { $_->{token} } @{ $report->{tokens} } or return 0;
    return !grep { index($logs, $_) >= 0 } map { ($_, (split /\./)[2] // ()) } @tokens;
}

1;
