package MCPTest::Challenge::Clients;
# How real clients read WWW-Authenticate, said again in our own words from INTEROP.md.
#
#   my $seen = clients()->{sdk_1_24}->($endpoint_url, $res->headers('WWW-Authenticate'));
#
# $seen is what that client would go on with: {resource_metadata, scope, error, error_description} as far as it reads
# them; undef when it takes the answer for no challenge at all; {fatal => why} when it gives up with an error.

use v5.36;
use Exporter 'import';
use MCPTest::Challenge 'challenges';

our @EXPORT_OK = qw(clients);

my %CLIENT = (
    sdk_1_17   => \&sdk_1_17,
    sdk_1_24   => sub ($endpoint, @fields) { sdk_regex([qw(bearer)], [qw(resource_metadata scope error)], @fields) },
    sdk_2_4    => sub ($endpoint, @fields) { sdk_regex([qw(bearer dpop)], [qw(resource_metadata scope error error_description)], @fields) },
    ai_sdk     => \&ai_sdk,
    mcp_remote => \&mcp_remote,
    authprobe  => \&authprobe,
    csharp     => \&csharp,
    go         => \&go,
    rmcp       => \&rmcp,
    vscode     => \&vscode,
    gemini     => \&gemini,
);

sub clients () { return {%CLIENT} }

# Several fields arrive as one in everything built on fetch.
sub joined (@fields) { return join ', ', @fields }

sub origin ($url) { return lc(($url =~ m{^(https?://[^/?#]+)}i)[0] // '') }

sub is_absolute ($url) { return defined $url && $url =~ m{^[a-z][a-z0-9+.-]*://[^/?#\s]}i }

# The first words, parted by a single blank as the SDK does it: is it one of the schemes, and does anything follow?
sub opens_with ($text, @schemes) {
    my ($scheme, $next) = split / /, $text;
    return defined $next && $next ne '' && scalar grep { lc $scheme eq $_ } @schemes;
}

sub sdk_1_17 ($endpoint, @fields) {
    my $text = joined(@fields);
    return undef if !opens_with($text, 'bearer');
    my ($url) = $text =~ /resource_metadata="([^"]*)"/;
    return is_absolute($url) ? { resource_metadata => $url } : undef;
}

# No word boundary before the name: text inside another value counts as well.
sub sdk_regex ($schemes, $names, @fields) {
    my $text = joined(@fields);
    return undef if !opens_with($text, @$schemes);
    my %seen;
    for my $name (@$names) {
        my ($quoted, $bare) = $text =~ /$name=(?:"([^"]+)"|([^\s,]+))/ or next;
        $seen{$name} = $quoted // $bare;
    }
    delete $seen{resource_metadata} if !is_absolute($seen{resource_metadata});
    return \%seen;
}

sub ai_sdk ($endpoint, @fields) {
    my $text = joined(@fields);
    return undef if !opens_with($text, 'bearer');
    my %seen;
    for my $name (qw(resource_metadata scope)) {
        $seen{$name} = $1 if $text =~ /(?:^|[,\s])$name="([^"]*)"/i;
    }
    return undef if !is_absolute($seen{resource_metadata});
    return { fatal => 'resource_metadata of another origin' } if origin($seen{resource_metadata}) ne origin($endpoint);
    return \%seen;
}

# Any scheme; the last of several equal names wins; an unquoted URL ends at its colon.
sub mcp_remote ($endpoint, @fields) {
    my $text = joined(@fields) =~ s/^Bearer\s+//ir;
    my %seen;
    while ($text =~ /(\w+)=(?:"([^"]*)"|([\w-]+))/g) { $seen{$1} = $2 // $3 }
    return _known(%seen);
}

sub authprobe ($endpoint, @fields) {
    my ($quoted, $bare) = joined(@fields) =~ /resource_metadata\s*=\s*"([^"]+)"|resource_metadata\s*=\s*([^,\s]+)/ or return undef;
    my $url = $quoted // $bare;
    $url = origin($endpoint) . $url if $url =~ m{^/};
    return { resource_metadata => $url };
}

# Parameters are what stands between commas, quoted or not.
sub csharp ($endpoint, @fields) {
    my ($field) = grep { /^Bearer(?: |\z)/i } @fields or return { fatal => 'no Bearer challenge' };
    my %seen;
    for my $part (split /,/, $field =~ s/^Bearer *//ir) {
        my ($name, $value) = $part =~ /^\s*([^=]+?)\s*=\s*(.*?)\s*\z/ or next;
        $seen{ lc $name } //= $value =~ s/^"|"\z//gr;
    }
    return _known(%seen);
}

# Strict: whatever is not well-formed, and every empty value, ends the flow.
sub go ($endpoint, @fields) {
    my @all = eval { challenges(@fields) } or return { fatal => "parse: $@" };
    my ($bearer) = grep { lc $_->{scheme} eq 'bearer' } @all or return undef;
    return { fatal => 'empty value' } if grep { $_->[1] eq '' } map { @{ $_->{params} } } @all;
    return _known(%{ $bearer->{param} });
}

sub rmcp ($endpoint, @fields) {
    my ($bearer) = grep { lc $_->{scheme} eq 'bearer' } eval { challenges(@fields) } or return undef;
    my $seen = _known(%{ $bearer->{param} });
    delete $seen->{resource_metadata} if origin($seen->{resource_metadata} // '') ne origin($endpoint);
    return $seen;
}

sub vscode ($endpoint, @fields) {
    my ($bearer) = grep { $_->{scheme} eq 'Bearer' } eval { challenges(@fields) } or return undef;
    return _known(%{ $bearer->{param} });
}

sub gemini ($endpoint, @fields) {
    my ($url) = joined(@fields) =~ /resource_metadata="([^"]+)"/ or return undef;
    return { resource_metadata => $url };
}

sub _known (%seen) {
    return { map { $_ => $seen{$_} } grep { defined $seen{$_} } qw(resource_metadata scope error error_description) };
}

1;
