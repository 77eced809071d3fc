/**
 * A certificate with its key for 127.0.0.1 and localhost, valid for a hundred years. No client trusts it by default. It was
 * created for these tests and protects nothing.
 */
export const LOOPBACK_CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUDvvo1lpn4vSKh8vw3ANkufT8OTgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDIwMzE1OFoYDzIxMjYxMDMx
MjAzMTU4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQc0siPipcN+i2c+HsLMzwNGpxdMnsIlYMhp+MlIMnkD5NQU2g23++l
+0kfBbGKw6ZyvUXePkhts/aIfisLIY99o28wbTAdBgNVHQ4EFgQUVMCBu00qFAgY
2wSJofUTxVrqo+gwHwYDVR0jBBgwFoAUVMCBu00qFAgY2wSJofUTxVrqo+gwGgYD
VR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZI
zj0EAwIDSAAwRQIhAOS9U/cmxH6C7uPxtaRumHKZpeQTHoDo8PKSAprTWxrEAiBI
ITMIVJKP6DO/Ra6opWKfoK5wHIAFWJnS/0ZS/Fl4fw==
-----END CERTIFICATE-----`;

export const LOOPBACK_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggeOLJ58MuEbzadfd
d7NjH1ftJ4hKiKyf4OInw6HEmbmhRANCAAQc0siPipcN+i2c+HsLMzwNGpxdMnsI
lYMhp+MlIMnkD5NQU2g23++l+0kfBbGKw6ZyvUXePkhts/aIfisLIY99
-----END PRIVATE KEY-----`;
