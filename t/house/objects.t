#!/usr/bin/perl
# What the compiler made of it: core asks the world for nothing and remembers nothing, and the module shows one name.

use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use File::Basename qw(basename);
use House;
use Test::More;

# Clock, files, network, environment, randomness and httpd, as symbols that core must not need. A test that a list of forbidden names
# is complete cannot be written; so what core needs from libc is listed here by name, and everything else must be a library's.
my @libc = qw(
    abort free malloc memchr memcmp memcpy memmove memset snprintf vsnprintf strchr strcmp strcspn strlen strncasecmp strncmp strspn
    strstr strpbrk strcasestr strcasecmp strtol strtoll strrchr tolower toupper __ctype_b_loc __ctype_tolower_loc __stack_chk_fail _GLOBAL_OFFSET_TABLE_ fmin fmax
    __snprintf_chk __vsnprintf_chk __memcpy_chk strdup
);

# Parts of libraries that are the world as well.
my $forbidden = qr/^(?:
      ap_\w+ | curl_\w+ | apr_time_now | apr_(?:file|socket|dir|env|proc|thread|sleep|random|generate|shm|global|pollset)\w*
    | BIO_new_file | BIO_s_(?:file|socket|connect) | BIO_new_fp | PEM_(?:read|write)_[A-Z]\w+ | RAND_\w+ | X509_cmp_current_time
    | json_(?:load_file|loadf|dump_file|dumpf)
)$/x;
my $library = qr/^(?:apr_|json_|jansson_|jwt_|EVP_|BN_|ERR_|OPENSSL_|OSSL_|CRYPTO_|ECDSA_|RSA_|HMAC|PEM_|BIO_|X509_|d2i_|i2d_|ASN1_|mcp_)/;

my $asked = 0;
for my $object (objects('core')) {
    my (@wrong, $instrumented);

    for my $line (tool('nm', '-u', $object)) {
        my ($symbol) = $line =~ /^\s*[Uwv]\s+(\S+)/ or next;
        $symbol =~ s/@.*//;
        $instrumented ||= $symbol =~ /^__(?:gcov|asan|ubsan)_/;
        next if $symbol =~ /^__(?:gcov|asan|ubsan|sanitizer)_/;
        $asked++;
        next if $symbol !~ $forbidden && ($symbol =~ $library || grep { $_ eq $symbol } @libc);
        push @wrong, $symbol;
    }
    is_deeply(\@wrong, [], basename($object) . ' asks the world for nothing');

    SKIP: {
        skip 'an instrumented build has counters of its own', 1 if $instrumented;
        my @mutable;
        for my $line (tool('objdump', '-t', $object)) {
            # address, flags, section, size, name; what the loader makes read-only (.data.rel.ro) is const
            my ($section, $name) = $line =~ /^[0-9a-f]+ .{7} (\S+)\t\S+\s+(?:\.hidden\s+)?(\S+)$/ or next;
            next if $name =~ /^\./;
            push @mutable, "$name in $section" if $section =~ /^(?:\.data|\.bss|\.tdata|\.tbss|\*COM\*)/ && $section !~ /^\.data\.rel\.ro/;
        }
        is_deeply(\@mutable, [], basename($object) . ' remembers nothing');
    }
}
ok($asked > 100, "$asked names were looked at");

my $build = $ENV{BUILD} || 'build';
my @shown = map { (split)[-1] } tool('nm', '-D', '--defined-only', "$build/mod_auth_mcp.so");
is_deeply([ grep { !/^_(?:init|fini|edata|end)$|^__bss_start$/ } @shown ], ['auth_mcp_module'], 'the module shows exactly one name');

done_testing;
