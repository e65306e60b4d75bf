package Soak::Site;
# The servers of the soak: two httpds of one configuration, of which one is restarted gracefully again and again while the other
# lives on, so that its children's memory can be followed; an authorization server, redis, and a backend that all share.
#
#   my $site = Soak::Site->start(mpm => 'event');
#   $site->{as}, {redis}, {backend}, {httpd}{shaken}, {httpd}{steady}
#   $site->twice('steady');                      # ids of requests (X-Soak-Id) that it has logged more than once
#   $site->publish($n);                          # the keys n, n - 1 and n - 2 from now on
#   Soak::Site::key($n);                         # a MCPTest::Key, for tokens whose kid is "k$n"
#
#   /none          no authentication
#   /plain         needs the scope use
#   /mcp           needs it as well, and has rules for operations

use v5.36;
use MCPTest::Httpd;
use MCPTest::Key;
use MCPTest::Redis;
use MCPTest::Util qw(spew tempdir);
use Soak::Peers;

our $STATIC   = 'https://static.example';
our $SECRET   = 'the shared secret of the static issuer';
our %RESOURCE = map { $_ => "https://mcp.example/$_" } qw(plain mcp);

my $GATEWAY = 'the secret of the gateway, or so';
my @TYPE    = qw(P-256 RSA-2048 Ed25519);
my $RING    = 12;

sub key ($number) { return MCPTest::Key->get($TYPE[ $number % @TYPE ], 'soak-' . $number % $RING) }

sub start ($class, %opt) {
    my $self = bless { dir => tempdir(), mpm => $opt{mpm} }, $class;
    key($_) for 1 .. $RING;
    spew("$self->{dir}/secret", $GATEWAY, 0600);
    spew("$self->{dir}/shared", $SECRET, 0600);
    $self->{as} = Soak::AS->start(keys => []);
    $self->{as}->client(id => 'gateway', secret => $GATEWAY, method => 'basic');
    $self->{redis}   = MCPTest::Redis->start;
    $self->{backend} = Soak::Backend->start;
    $self->publish(3);
    $self->{httpd}{$_} = $self->_httpd for qw(shaken steady);
    return $self;
}

sub publish ($self, $number) {
    $self->{as}->keys(map { key($_)->jwk(kid => "k$_") } $number - 2 .. $number);
    return;
}

# A client repeats what was not begun only: such a request is lost.
sub twice ($self, $name) {
    my %count;
    $count{$_}++ for $self->{httpd}{$name}->access_log(all => 1) =~ /^(\d\S*)/mg;
    return grep { $count{$_} > 1 } sort keys %count;
}

# What went wrong in the lives of the httpds.
sub stop ($self) {
    my @trouble = map { $_->stop } values %{ $self->{httpd} };
    $self->{$_}->down for qw(as redis backend);
    return @trouble;
}

# Old children serve their streams out while new ones come: there is room for several generations.
sub _room ($self) {
    return "ServerLimit 256\nStartServers 24\nMinSpareServers 4\nMaxSpareServers 64\nMaxRequestWorkers 64\n" if $self->{mpm} eq 'prefork';
    return "ServerLimit 32\nStartServers 2\nThreadsPerChild 16\nMinSpareThreads 8\nMaxSpareThreads 64\nMaxRequestWorkers 64\n";
}

sub _httpd ($self) {
    return MCPTest::Httpd->start(
        mpm => $self->{mpm}, modules => [qw(status socache_redis)], log_level => 'notice authz_core:crit', quiet => 1,
        access_format => '%{X-Soak-Id}i %>s', vars => { BACKEND => $self->{backend}->url }, conf => $self->_room . $self->_issuers . $self->_sections,
    );
}

# A small cache of tokens, so that it fills up.
sub _issuers ($self) {
    my ($as, $dir) = @$self{qw(as dir)};
    return <<"END";
RedisTimeout 1s
MCPCache redis:@{[ $self->{redis}->address ]}
MCPTokenCache 1M
MCPTimeout 4s
MCPRefresh 2s 1s
<MCPIssuer "@{[ $as->issuer ]}">
    MCPIntrospection @{[ $as->introspection_endpoint ]} 2s
    MCPClientAuth basic gateway file:$dir/secret
</MCPIssuer>
<MCPIssuer "$STATIC">
    MCPAlgorithms HS256
    MCPSharedSecret file:$dir/shared
</MCPIssuer>
END
}

sub _sections ($self) {
    return <<"END";
ExtendedStatus On
ProxyPass /server-status !
ProxyPass / \@BACKEND@/ flushpackets=on
<Location "/server-status">
    SetHandler server-status
    Require all granted
</Location>
<Location "/plain">
    AuthType MCP
    MCPResource $RESOURCE{plain}
    MCPClockSkew 1s
    Require mcp-scope use
</Location>
<Location "/mcp">
    AuthType MCP
    MCPResource $RESOURCE{mcp}
    MCPClockSkew 1s
    MCPAllowOrigin https://app.example
    MCPMaxBody 256K
    Require mcp-scope use
    MCPOperation initialize * anonymous
    MCPOperation tools/call echo granted
    MCPOperation tools/call delete_* files:delete
    MCPOperation tools/call secret denied
</Location>
END
}

1;
