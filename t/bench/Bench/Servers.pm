package Bench::Servers;
# The servers of the bench, each with the same site: /none needs no token, /mcp one with the scope files:read, and both answer
# with the same small file. On port 2 tokens are opaque and introspected.
#
#   my $plain = Bench::Servers::plain(%opt);             # httpd without any module of this kind
#   my $ours  = Bench::Servers::ours($as, %opt);         # options of MCPTest::Httpd; conf => lines of your own instead
#   my $peer  = Bench::Servers::openidc($as, %opt);      # undef when Debian's package is not installed
#   my $peer  = Bench::Servers::oauth2($as, %opt);
#   my $peer  = Bench::Servers::haproxy();
#
# One process with 16 threads (event, worker), or 4 processes (prefork): then it is clear what a cache of one process has seen.

use v5.36;
use Bench::Haproxy;
use Bench::Run;
use Bench::Tokens;
use MCPTest::Httpd;
use MCPTest::Httpd::Conf;

my $SITE = <<'END';
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 30
Alias /none @ROOT@/htdocs/x.txt
Alias /mcp  @ROOT@/htdocs/x.txt
<Location "/none">
    Require all granted
</Location>
END

my %PROCESSES = (prefork => "ServerLimit 4\nStartServers 4\nMinSpareServers 1\nMaxSpareServers 4\nMaxRequestWorkers 4\n");
my $THREADS   = "ServerLimit 1\nStartServers 1\nThreadsPerChild 16\nMinSpareThreads 1\nMaxSpareThreads 16\nMaxRequestWorkers 16\n";

sub httpd ($conf, %opt) {
    my $mpm   = $opt{mpm} // 'event';
    my $cores = delete $opt{cores} // 1;
    my %file  = ('htdocs/x.txt' => "hello\n", 'conf/keys.json' => MCPTest::Key::jwks(Bench::Tokens::keys()), %{ delete $opt{files} // {} });
    return Bench::Run::pinned(
        sub { MCPTest::Httpd->start(log_level => 'warn', mpm => $mpm, files => \%file, %opt, conf => $SITE . ($PROCESSES{$mpm} // $THREADS) . $conf) },
        $cores
    );
}

# Also with the two refusals that httpd has of its own.
sub plain (%opt) {
    return httpd(<<'END', module => 0, modules => [ 'auth_basic', 'authn_file' ], %opt);
Alias /denied @ROOT@/htdocs/x.txt
Alias /basic  @ROOT@/htdocs/x.txt
<Location "/denied">
    Require all denied
</Location>
<Location "/basic">
    AuthType Basic
    AuthName bench
    AuthUserFile @ROOT@/conf/keys.json
    Require valid-user
</Location>
END
}

# A protected section of ours.
sub section ($path = '/mcp', $require = 'mcp-scope files:read') {
    return <<"END";
<Location "$path">
    AuthType MCP
    MCPResource $Bench::Tokens::RESOURCE
    Require $require
</Location>
END
}

sub ours ($as, %opt) {
    my $introspection = $as->introspection_endpoint;
    my $conf          = delete $opt{conf} // <<"END" . section();
MCPCAFile @{[ $as->ca_file ]}
<MCPIssuer "$Bench::Tokens::ISSUER">
    MCPKeys @{[ $as->jwks_uri ]}
</MCPIssuer>
Listen 127.0.0.1:\@PORT2\@
Listen 127.0.0.1:\@PORT3\@
<VirtualHost *:\@PORT2\@>
    <MCPIssuer "$Bench::Tokens::ISSUER">
        MCPTokenFormat opaque
        MCPIntrospection $introspection
        MCPClientAuth basic bench file:@{[ Bench::Tokens::secret() ]}
    </MCPIssuer>
</VirtualHost>
<VirtualHost *:\@PORT3\@>
    MCPTokenCache off
    <MCPIssuer "$Bench::Tokens::ISSUER">
        MCPTokenFormat opaque
        MCPIntrospection $introspection
        MCPClientAuth basic bench file:@{[ Bench::Tokens::secret() ]}
    </MCPIssuer>
</VirtualHost>
END
    return httpd($conf, modules => ['socache_shmcb'], %opt);
}

# A peer that is a module of httpd.
sub peer ($module, $conf, %opt) {
    return undef if !MCPTest::Httpd::Conf::has_module($module);
    return httpd($conf, module => 0, modules => [$module], quiet => 1, %opt);
}

# A virtual host of either kind, because none of them takes both keys and introspection.
sub openidc ($as, %opt) {
    my $common = "OIDCCryptoPassphrase bench\nOIDCOAuthClientID bench\nOIDCOAuthSSLValidateServer Off";
    return peer('auth_openidc', <<"END", %opt);
<Location "/mcp">
    AuthType oauth20
    <RequireAll>
        Require claim iss:$Bench::Tokens::ISSUER
        Require claim aud:$Bench::Tokens::RESOURCE
        Require claim "scope~(^| )files:read( |\$)"
    </RequireAll>
</Location>
Listen 127.0.0.1:\@PORT2\@
<VirtualHost *:\@PORT\@>
    $common
    OIDCOAuthVerifyJwksUri @{[ $as->jwks_uri ]}
</VirtualHost>
<VirtualHost *:\@PORT2\@>
    $common
    OIDCOAuthClientSecret bench
    OIDCOAuthIntrospectionEndpoint @{[ $as->introspection_endpoint ]}
</VirtualHost>
END
}

# The tokens' iat is skipped: by default it refuses all that are older than ten seconds.
sub oauth2 ($as, %opt) {
    return peer('oauth2', <<"END", %opt);
<Location "/mcp">
    AuthType oauth2
    <RequireAll>
        Require oauth2_claim iss:$Bench::Tokens::ISSUER
        Require oauth2_claim aud:$Bench::Tokens::RESOURCE
        Require oauth2_claim scope:files:read
    </RequireAll>
</Location>
OAuth2TokenVerify jwks_uri @{[ $as->jwks_uri ]} jwks_uri.ssl_verify=false&verify.iat=skip
Listen 127.0.0.1:\@PORT2\@
<VirtualHost *:\@PORT2\@>
    OAuth2TokenVerify introspect @{[ $as->introspection_endpoint ]} introspect.ssl_verify=false&introspect.auth=client_secret_basic&client_id=bench&client_secret=bench
</VirtualHost>
END
}

sub haproxy () {
    return undef if !Bench::Haproxy->path;
    return Bench::Run::pinned(sub { Bench::Haproxy->start });
}

1;
