/*
 * test_murmur3.c
 *	  MurmurHash3_x86_32: the published check of smhasher, and values of sklearn.utils.murmurhash3_32(positive=True) 1.2.1.
 */
#include "tap.h"

#include "transform/murmur3.h"

/* smhasher's VerificationTest() */
static void
test_published(void)
{
	unsigned char key[256];
	unsigned char hashes[256 * 4];

	test("the published check");
	for (int i = 0; i < 256; i++)
	{
		uint32_t	hash = rml_murmur3_32(key, (size_t) i, (uint32_t) (256 - i));

		key[i] = (unsigned char) i;
		for (int j = 0; j < 4; j++)
			hashes[i * 4 + j] = (unsigned char) (hash >> 8 * j);
	}
	CHECK_INT(rml_murmur3_32(hashes, sizeof(hashes), 0), 0xB0F57EE3u, "hash of hashes");
}

static const struct
{
	const char *text;
	size_t		length;
	uint32_t	hash;
	uint32_t	hash42;			/* with the seed 42 */
}			known[] = {
	{"", 0, 0, 142593372},
	{"a", 1, 1009084850, 3001393763},
	{"foo", 3, 4138058784, 2972666014},
	{"abcd", 4, 1139631978, 3898664396},
	{"abcde", 5, 3902511862, 2933533680},
	{"abcdef", 6, 1635893381, 2449278475},
	{"hello, world", 12, 345750399, 2127021762},
	{"The quick brown fox jumps over the lazy dog", 43, 776992547, 880582914},
	{"K\303\266ln", 5, 866521595, 328846577},
	{"\346\227\245\346\234\254", 6, 3302619458, 685738085},
	{"\0\0", 2, 821347078, 1732903491},
};

static void
test_known(void)
{
	char		shifted[64];

	test("hashes are scikit-learn's, wherever the text begins");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		CHECK_INT(rml_murmur3_32(known[i].text, known[i].length, 42), known[i].hash42, known[i].text);
		for (int j = 0; j < 4; j++)
		{
			memcpy(shifted + j, known[i].text, known[i].length);
			CHECK_INT(rml_murmur3_32(shifted + j, known[i].length, 0), known[i].hash, known[i].text);
		}
	}
}

int
main(void)
{
	test_published();
	test_known();
	return test_done();
}
