/*
 * utf8.h
 *	  Bounded UTF-8 checks for text in model files.
 */
#ifndef RML_BASE_UTF8_H
#define RML_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Length of the valid UTF-8 character at p (shortest form, no surrogate, no
 * NUL, at most U+10FFFF), or 0.
 */
static inline size_t
rml_utf8_length(const uint8_t *p, size_t available)
{
	uint8_t		c;

	if (available == 0)
		return 0;
	c = p[0];
	if (c < 0x80)
		return c == 0 ? 0 : 1;
	if (c >= 0xC2 && c <= 0xDF)
		return available >= 2 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
	if (c >= 0xE0 && c <= 0xEF)
	{
		uint8_t		low = c == 0xE0 ? 0xA0 : 0x80;
		uint8_t		high = c == 0xED ? 0x9F : 0xBF;

		return available >= 3 && p[1] >= low && p[1] <= high &&
			(p[2] & 0xC0) == 0x80 ? 3 : 0;
	}
	if (c >= 0xF0 && c <= 0xF4)
	{
		uint8_t		low = c == 0xF0 ? 0x90 : 0x80;
		uint8_t		high = c == 0xF4 ? 0x8F : 0xBF;

		return available >= 4 && p[1] >= low && p[1] <= high &&
			(p[2] & 0xC0) == 0x80 && (p[3] & 0xC0) == 0x80 ? 4 : 0;
	}
	return 0;
}

/*
 * Longest prefix of text, at most max bytes, that does not cut a character;
 * for text that is valid UTF-8 and goes into a message.
 */
static inline int
rml_utf8_clip(const char *text, size_t length, size_t max)
{
	if (length <= max)
		return (int) length;
	while (max > 0 && ((uint8_t) text[max] & 0xC0) == 0x80)
		max--;
	return (int) max;
}

/* Writes code point cp (valid, not 0) at p; returns the number of bytes. */
static inline size_t
rml_utf8_encode(uint32_t cp, uint8_t *p)
{
	if (cp < 0x80)
	{
		p[0] = (uint8_t) cp;
		return 1;
	}
	if (cp < 0x800)
	{
		p[0] = (uint8_t) (0xC0 | (cp >> 6));
		p[1] = (uint8_t) (0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000)
	{
		p[0] = (uint8_t) (0xE0 | (cp >> 12));
		p[1] = (uint8_t) (0x80 | ((cp >> 6) & 0x3F));
		p[2] = (uint8_t) (0x80 | (cp & 0x3F));
		return 3;
	}
	p[0] = (uint8_t) (0xF0 | (cp >> 18));
	p[1] = (uint8_t) (0x80 | ((cp >> 12) & 0x3F));
	p[2] = (uint8_t) (0x80 | ((cp >> 6) & 0x3F));
	p[3] = (uint8_t) (0x80 | (cp & 0x3F));
	return 4;
}

#endif
